/** ROC curves: which share of the positives is found at the price of which share of the negatives. */

import { percent } from '../../common/percent.js';
import type { RocPoint } from '../../evaluation/curves.js';
import { palette } from '../palette.js';
import { PERCENT_LABEL } from '../percent-label.js';
import { type Layer, look, seriesChart } from '../series-chart.js';
import { type SeriesStyles, stylesFor, stylesOf } from '../series-style.js';
import type { ReportChart } from '../write-report.js';

export const ROC_TEXT =
  'ROC: the true positive rate (the share of the positives that is found) by the false positive rate (the share of the negatives that is taken for positive); dashed is chance.';

export interface RocCurve {
  /** A run or a class. */
  readonly series: string;
  /** Null where there is none; what the series looks like is kept free all the same. */
  readonly points: readonly RocPoint[] | null;
}

type DrawnCurve = RocCurve & { readonly points: readonly RocPoint[] };

/** Curves that can be told apart by colour; of more, the best and the worst are coloured. */
const MOST_COLOURS = 4;

const SQUARE = 340;

/** `each` is what a curve stands for, such as `class` or `run`. Null without a curve. */
export function rocChart(
  task: string,
  curves: readonly RocCurve[],
  each: 'class' | 'run',
): ReportChart | null {
  const drawn = curves.filter(
    (curve): curve is DrawnCurve => curve.points !== null && curve.points.length > 1,
  );
  if (drawn.length === 0) return null;
  const many = each === 'class' && drawn.length > MOST_COLOURS;
  const byArea = [...drawn].sort((a, b) => areaUnder(b) - areaUnder(a));
  const coloured = many ? [byArea[0]!, byArea.at(-1)!] : drawn;
  const names = coloured.map(({ series }) => series);
  const styles = many ? stylesFor(names) : stylesOf(stylesFor(curves.map(({ series }) => series)), names);
  const title = `ROC of ${task}`;
  return {
    name: `roc-${task}`,
    title,
    description: `${drawn.map((curve) => describe(curve, curves.length > 1)).join('; ')}.`,
    caption: captionOf(each, many),
    spec: seriesChart(
      title,
      styles,
      [diagonal(), ...(many ? [curveLayer(drawn, null)] : []), curveLayer(coloured, styles)],
      { height: SQUARE, marks: curves.length === 1 ? 'none' : 'lines' },
    ),
  };
}

function captionOf(each: 'class' | 'run', many: boolean): string {
  if (each === 'run') return '';
  return `Each class against all others.${many ? ' Coloured: those with the largest and the smallest area.' : ''}`;
}

function curveLayer(curves: readonly DrawnCurve[], styles: SeriesStyles | null): Layer {
  const { color, strokeDash } = look(styles ?? {});
  return {
    data: {
      values: curves.flatMap(({ series, points }) =>
        points.map(({ falsePositiveRate, truePositiveRate }, order) => ({
          series,
          x: falsePositiveRate,
          y: truePositiveRate,
          order,
        })),
      ),
    },
    mark: styles
      ? { type: 'line', strokeWidth: 2 }
      : { type: 'line', strokeWidth: 1, color: palette.faint.light },
    encoding: {
      ...axes(),
      order: { field: 'order', type: 'quantitative' },
      ...(styles ? { color, strokeDash } : { detail: { field: 'series', type: 'nominal' } }),
    },
  };
}

function diagonal(): Layer {
  return {
    data: {
      values: [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
    },
    mark: { type: 'line', color: palette.faint.light, strokeDash: [4, 3], strokeWidth: 1 },
    encoding: axes(),
  };
}

function axes() {
  const share = (field: string, title: string) => ({
    field,
    type: 'quantitative' as const,
    title,
    scale: { domain: [0, 1], nice: false },
    axis: { labelExpr: PERCENT_LABEL, tickCount: 5, labelFlush: false },
  });
  return { x: share('x', 'false positive rate'), y: share('y', 'true positive rate') };
}

function describe(curve: DrawnCurve, named: boolean): string {
  const found = [0.1, 0.5].map(
    (share) => `${percent(foundAt(curve, share))} of the positives at ${percent(share)} of the negatives`,
  );
  return `${named ? `${curve.series}: ` : ''}finds ${found.join(' and ')}, area ${areaUnder(curve).toFixed(3)}`;
}

/** Linear between the points. */
function foundAt({ points }: DrawnCurve, share: number): number {
  const at = points.findIndex(({ falsePositiveRate }) => falsePositiveRate >= share);
  if (at <= 0) return points[Math.max(at, 0)]?.truePositiveRate ?? 0;
  const [before, after] = [points[at - 1]!, points[at]!];
  const part = (share - before.falsePositiveRate) / (after.falsePositiveRate - before.falsePositiveRate || 1);
  return before.truePositiveRate + part * (after.truePositiveRate - before.truePositiveRate);
}

/** Of the curve as it is drawn. */
function areaUnder({ points }: DrawnCurve): number {
  return points.slice(1).reduce((sum, point, at) => {
    const before = points[at]!;
    const width = point.falsePositiveRate - before.falsePositiveRate;
    return sum + (width * (point.truePositiveRate + before.truePositiveRate)) / 2;
  }, 0);
}
