/** AUC of each strategy on the way, against what it cost: steps, samples of the new task, and time. */
import { aucName } from '../common/auc-name.js';
import { aucTarget, TARGET_SHARE } from '../common/auc-target.js';
import { percent } from '../common/percent.js';
import type { Strategy } from '../common/strategies.js';
import type {
  CurvePoint,
  StrategyAtFraction,
  TransferResult,
  TransferRun,
} from '../experiments/transfer-result.js';
import { aucAxis } from './auc-axis.js';
import { costScale } from './cost-scale.js';
import { COUNT_LABEL } from './count-label.js';
import { palette } from './palette.js';
import { type Layer, lineAndPoints, look, seriesChart } from './series-chart.js';
import { type SeriesStyles, stylesOf } from './series-style.js';
import { strategyStyles } from './strategy-style.js';
import type { TransferChart } from './transfer-charts.js';

type Curves = readonly (readonly [Strategy, StrategyAtFraction])[];

interface Cost {
  readonly name: 'steps' | 'samples' | 'seconds';
  readonly key: keyof CurvePoint;
  readonly axis: string;
  /** Of the chart, which has less room. */
  readonly title: string;
}

const COSTS: readonly Cost[] = [
  { name: 'steps', key: 'step', axis: 'training steps', title: 'steps' },
  { name: 'samples', key: 'samples', axis: 'training samples of the new task', title: 'samples' },
  { name: 'seconds', key: 'seconds', axis: 'seconds of training', title: 'seconds' },
];

const TARGET = `${percent(TARGET_SHARE)} of retrain-all`;

const ABOUT_RINGS = 'Ring: the weights that the validation part chose, whose numbers are in the table';

const ABOUT_TARGET = `Dashed line across: 0.5 and ${percent(TARGET_SHARE)} of what retrain-all gains over it.`;

/** Of the largest fraction that has a run; none where nothing is measured. */
export function curveCharts(result: TransferResult): TransferChart[] {
  const measured = Object.entries(result.strategies) as [Strategy, StrategyAtFraction][];
  const largest = Math.max(...measured.map(([, { fraction }]) => fraction));
  const curves = measured.filter(([, at]) => at.fraction === largest && at.curve.length > 0);
  return curves.length > 0 ? COSTS.map((cost) => curveChart(result, curves, cost)) : [];
}

function curveChart(result: TransferResult, curves: Curves, cost: Cost): TransferChart {
  const auc = aucName(result.measure);
  const target = targetOf(curves);
  const ofTarget = target === null ? '' : ` ${TARGET}: ${target.toFixed(4)}.`;
  return {
    name: cost.name,
    title: `${auc} of ${result.task} by ${cost.axis}`,
    description: `${curves.map((curve) => endsOf(curve, cost)).join('; ')}.${ofTarget}`,
    caption: captionOf(result, curves, cost) + (target === null ? '' : ` ${ABOUT_TARGET}`),
    spec: seriesChart(
      `${auc} of ${result.task} by ${cost.title}`,
      looksOf(curves),
      layersOf(curves, cost, { axis: aucAxis(auc), target }),
    ),
  };
}

function captionOf({ measure, seeds, fractions }: TransferResult, curves: Curves, { axis }: Cost): string {
  const parts = [
    `${aucName(measure)} on the evaluation period by ${axis} (logarithmic)`,
    ...(fractions.length > 1 ? [`with ${percent(curves[0]![1].fraction)} of the samples`] : []),
    ...(seeds.length > 1 ? ['mean over the seeds as far as each was measured'] : []),
  ];
  const rings = seeds.length > 1 ? `${ABOUT_RINGS} (mean over the seeds)` : ABOUT_RINGS;
  return `${parts.join(', ')}. ${rings}.`;
}

function layersOf(
  curves: Curves,
  { key, axis }: Cost,
  y: { readonly axis: ReturnType<typeof aucAxis>; readonly target: number | null },
): Layer[] {
  const values = curves.flatMap(([strategy, { curve }]) =>
    curve.map((point) => ({ series: strategy, cost: point[key], auc: point.auc })),
  );
  const { constant, ticks } = costScale(values.map(({ cost }) => cost));
  const x = {
    field: 'cost',
    type: 'quantitative' as const,
    title: axis,
    scale: { type: 'symlog' as const, constant, nice: false },
    axis: { values: [...ticks], labelExpr: COUNT_LABEL, grid: false },
  };
  return [
    ...(y.target === null ? [] : targetLayers(y.target, y.axis)),
    ...lineAndPoints(values, { x, y: y.axis, styles: looksOf(curves) }),
    chosenRings(curves, key, { x, y: y.axis, color: look(looksOf(curves)).color }),
  ];
}

/** Where the weights of the table lie: each at the mean of what its seeds took, and at their mean AUC. */
function chosenRings(curves: Curves, key: keyof CurvePoint, encoding: object): Layer {
  const values = curves.map(([strategy, { final, runs }]) => ({
    series: strategy,
    cost: runs.reduce((sum, run) => sum + chosenPoint(run)[key], 0) / runs.length,
    auc: final,
  }));
  return {
    data: { values },
    mark: { type: 'point', filled: false, size: 200, strokeWidth: 1.5, shape: 'circle' },
    encoding,
  } as Layer;
}

const chosenPoint = ({ curve, bestStep }: TransferRun): CurvePoint =>
  curve.find(({ step }) => step === bestStep)!;

/** Its text stands on the left, where curves are still low. */
function targetLayers(target: number, axis: ReturnType<typeof aucAxis>): Layer[] {
  const data = { values: [{ auc: target }] };
  const color = palette.faint.light;
  return [
    { data, mark: { type: 'rule', color, strokeDash: [3, 3] }, encoding: { y: axis } },
    {
      data,
      mark: { type: 'text', align: 'left', baseline: 'bottom', dx: 6, dy: -3, color, text: TARGET },
      encoding: { x: { value: 0 }, y: axis },
    },
  ];
}

function looksOf(curves: Curves): SeriesStyles {
  return stylesOf(
    strategyStyles,
    curves.map(([strategy]) => strategy),
  );
}

function targetOf(curves: Curves): number | null {
  const all = curves.find(([strategy]) => strategy === 'retrain-all')?.[1];
  return all ? aucTarget(all.final) : null;
}

function endsOf([strategy, { curve, final }]: Curves[number], { key, axis }: Cost): string {
  const first = curve[0]!;
  const last = curve.at(-1)!;
  const cost = Number(last[key].toPrecision(3));
  return `${strategy} from ${first.auc.toFixed(4)} to ${last.auc.toFixed(4)} at ${cost} ${axis}, chosen with ${final.toFixed(4)}`;
}
