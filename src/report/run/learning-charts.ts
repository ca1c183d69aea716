/** How training went: the loss of a task, and its AUC on the validation part, by step; of one run or of several. */
import { COUNT_LABEL } from '../count-label.js';
import { palette } from '../palette.js';
import type { RunReport } from '../run-report.js';
import { type Layer, lineAndPoints, look, seriesChart } from '../series-chart.js';
import { stylesFor, stylesOf } from '../series-style.js';
import type { ReportChart } from '../write-report.js';
import { isFiniteNumber } from './numbers.js';
import { smoothed } from './smoothed.js';
import type { TaskArea } from './task-area.js';
import { valueScale } from './value-scale.js';

/** Of an axis of AUC. */
const LEAST_SPAN = 0.02;

/** What the charts show, which is the same for all tasks. */
export const LEARNING_TEXT =
  'Loss on the training samples (thin: means over some steps; thick: means of neighbouring ones), and AUC on the validation part after each epoch, on an axis of ' +
  `${LEAST_SPAN} at least: what is smaller may be chance in a small part. `;

/** Label -> report. */
export type Reports = Readonly<Record<string, RunReport>>;

interface Curve {
  readonly series: string;
  /** The step of the weights that were kept. */
  readonly best: number;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** Loss and AUC of a task, as far as there are any; a run looks the same in all of them. */
export function learningCharts(reports: Reports, { task, key, name }: TaskArea): ReportChart[] {
  return [lossChart(reports, task), validationChart(reports, task, { key, name })].flatMap(
    (chart) => chart ?? [],
  );
}

function lossChart(reports: Reports, task: string): ReportChart | null {
  const curves = curvesOf(reports, 'training', `loss[${task}]`);
  if (curves.length === 0) return null;
  const title = `Loss of ${task} in training`;
  return {
    name: `loss-${task}`,
    title,
    description: `${curves.map(endsOf).join('; ')}.`,
    caption: '',
    spec: stepChart(title, 'loss (nats)', curves, {
      runs: Object.keys(reports),
      points: false,
      leastSpan: 0,
    }),
  };
}

function validationChart(
  reports: Reports,
  task: string,
  { key, name }: Pick<TaskArea, 'key' | 'name'>,
): ReportChart | null {
  const curves = curvesOf(reports, 'validation', key);
  if (curves.length === 0) return null;
  const title = `${name} of ${task} in validation`;
  return {
    name: `validation-${task}`,
    title,
    description: `${curves.map((curve) => endsOf(curve) + keptOf(curve)).join('; ')}.`,
    caption: '',
    spec: stepChart(title, name, curves, {
      runs: Object.keys(reports),
      points: true,
      leastSpan: LEAST_SPAN,
    }),
  };
}

function curvesOf(reports: Reports, part: 'training' | 'validation', key: string): Curve[] {
  return Object.entries(reports).flatMap(([series, { learning, evaluation }]) => {
    const points = learning[part].flatMap(({ step, [key]: value }) =>
      isFiniteNumber(value) ? [{ step, value }] : [],
    );
    return points.length > 0 ? [{ series, best: evaluation.step, points }] : [];
  });
}

function stepChart(
  title: string,
  axis: string,
  curves: readonly Curve[],
  {
    runs,
    points,
    leastSpan,
  }: { readonly runs: readonly string[]; readonly points: boolean; readonly leastSpan: number },
) {
  const styles = stylesOf(
    stylesFor(runs),
    curves.map(({ series }) => series),
  );
  const values = curves.flatMap(({ series, points: of }) => of.map((point) => ({ series, ...point })));
  const x = {
    field: 'step',
    type: 'quantitative' as const,
    title: 'training steps',
    scale: { zero: true, nice: false },
    axis: { grid: false, tickCount: 5, labelExpr: COUNT_LABEL },
  };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    title: axis,
    scale: valueScale(
      values.map(({ value }) => value),
      leastSpan,
    ),
  };
  const [line, dots] = lineAndPoints(points ? values : curves.flatMap(smoothedValues), { x, y, styles }) as [
    Layer,
    Layer,
  ];
  return seriesChart(
    title,
    styles,
    [
      ...(runs.length === 1 ? [bestRule(curves[0]!.best, x)] : []),
      ...(points ? [] : [thinLine(values, { x, y, ...look(styles) })]),
      line,
      ...(points ? [dots] : []),
      ...(points && runs.length > 1 ? [bestRings(curves, { x, y, color: look(styles).color })] : []),
    ],
    { marks: runs.length === 1 ? 'none' : points ? 'both' : 'lines' },
  );
}

const smoothedValues = ({ series, points }: Curve) =>
  smoothed(points.map(({ value }) => value)).map((value, at) => ({ series, step: points[at]!.step, value }));

/** What was measured, behind what is smoothed. */
function thinLine(
  values: readonly object[],
  { x, y, color }: { readonly x: object; readonly y: object; readonly color: object },
): Layer {
  return {
    data: { values: [...values] },
    mark: { type: 'line', strokeWidth: 1, opacity: 0.45 },
    encoding: { x, y, color },
  } as Layer;
}

function bestRule(step: number, x: object): Layer {
  return {
    data: { values: [{ step }] },
    mark: { type: 'rule', color: palette.faint.light, strokeDash: [4, 3] },
    encoding: { x },
  } as Layer;
}

function bestRings(curves: readonly Curve[], encoding: object): Layer {
  const values = curves.flatMap(({ series, best, points }) =>
    points.filter(({ step }) => step === best).map((point) => ({ series, ...point })),
  );
  return {
    data: { values },
    mark: { type: 'point', filled: false, size: 200, strokeWidth: 1.5, shape: 'circle' },
    encoding,
  } as Layer;
}

function endsOf({ series, points }: Curve): string {
  const [first, last] = [points[0]!, points.at(-1)!];
  return `${series} from ${first.value.toFixed(4)} at step ${first.step} to ${last.value.toFixed(4)} at step ${last.step}`;
}

function keptOf({ best, points }: Curve): string {
  const kept = points.find(({ step }) => step === best);
  return kept ? `, kept at step ${best} with ${kept.value.toFixed(4)}` : '';
}
