/** Whether probabilities can be believed: what was predicted against what came of it. */

import { percent } from '../../common/percent.js';
import { isWeighted } from '../../common/task-title.js';
import type { CalibrationBin } from '../../evaluation/curves.js';
import { palette } from '../palette.js';
import { PERCENT_LABEL } from '../percent-label.js';
import { type Layer, seriesChart } from '../series-chart.js';
import { stylesFor } from '../series-style.js';
import type { ReportChart } from '../write-report.js';

export const CALIBRATION_TEXT =
  'Calibration: predicted against observed, in groups of samples by rising prediction, the larger the more they weigh; ' +
  'on the dashed line both are the same, below it too much is predicted. Grey bars: where a group lies in 95 of 100 cases if its ' +
  'predictions are right; a group outside of its bar is off beyond chance, but for one in twenty.';

/** Rates of a click are a few per cent: on linear axes to the highest, most bins would lie in a corner. */
const LOGARITHMIC_FROM = 6;

const SQUARE = 340;

/** `of` says what is predicted, such as `a positive`. Null without a bin. */
export function calibrationChart(
  task: string,
  bins: readonly CalibrationBin[],
  of: string,
): ReportChart | null {
  const filled = bins.filter(({ weight }) => weight > 0);
  if (filled.length === 0) return null;
  const axis = sharedAxis(filled);
  const title = `Calibration of ${task}`;
  const none = axis.type === 'log' ? filled.filter(({ observed }) => observed <= 0).length : 0;
  return {
    name: `calibration-${task}`,
    title,
    description: describe(filled),
    caption:
      `Probability of ${of}${axis.type === 'log' ? ' (logarithmic)' : ''}, in groups of ${samplesText(filled)}. ` +
      `${outsideText(filled)}.` +
      (none > 0 ? ` Triangles at the bottom edge: nothing observed (${none}).` : ''),
    spec: seriesChart(title, stylesFor(['model']), layersOf(filled, axis), { height: SQUARE, marks: 'none' }),
  };
}

interface Axis {
  readonly type: 'log' | 'linear';
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
}

/** Where `observed` lies in 95 of 100 cases if the predictions are right. */
function rangeOf({ predicted, deviation }: CalibrationBin) {
  const half = 1.96 * deviation;
  return { low: Math.max(predicted - half, 0), high: Math.min(predicted + half, 1) };
}

/** The same for both, so that the diagonal is one. */
function sharedAxis(bins: readonly CalibrationBin[]): Axis {
  const values = bins.flatMap(({ predicted, observed }) => [predicted, observed]);
  const positive = values.filter((value) => value > 0);
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  if (
    positive.length > 0 &&
    bins.every(({ predicted }) => predicted > 0) &&
    most / least >= LOGARITHMIC_FROM
  ) {
    const highest = Math.max(most, ...bins.map((bin) => rangeOf(bin).high));
    const domain = [least / 1.3, Math.min(highest * 1.3, 1)] as const;
    return { type: 'log', domain, ticks: logTicks(domain) };
  }
  const ends = bins.map(rangeOf).flatMap(({ low, high }) => [low, high]);
  const [low, high] = [Math.min(...values, ...ends), Math.max(...values, ...ends)];
  const room = Math.max((high - low) / 10, 0.005);
  return { type: 'linear', domain: [Math.max(low - room, 0), Math.min(high + room, 1)], ticks: [] };
}

/** 1, 2 and 5 times powers of ten; over more than three powers, the powers alone. */
function logTicks([low, high]: readonly [number, number]): number[] {
  const factors = high / low > 1000 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= 0; power++) {
    ticks.push(...factors.map((factor) => Number(`${factor}e${power}`)));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

function layersOf(bins: readonly CalibrationBin[], { type, domain, ticks }: Axis): Layer[] {
  const channel = (field: string, title: string) => ({
    field,
    type: 'quantitative' as const,
    title,
    scale: { type, domain: [...domain], nice: false },
    axis: {
      labelExpr: PERCENT_LABEL,
      labelFlush: false,
      ...(type === 'log' ? { values: [...ticks] } : { tickCount: 5 }),
    },
  });
  const encoding = { x: channel('x', 'predicted'), y: channel('y', 'observed') };
  const total = bins.reduce((sum, { weight }) => sum + weight, 0);
  const shown = (predicted: number, observed: number, weight: number) => ({
    x: predicted,
    y: Math.max(observed, domain[0]),
    size: 30 + 600 * (weight / total),
  });
  const isOff = ({ observed }: CalibrationBin) => type === 'log' && observed <= 0;
  const points = (of: readonly CalibrationBin[], shape: 'circle' | 'triangle-up'): Layer => ({
    data: { values: of.map(({ predicted, observed, weight }) => shown(predicted, observed, weight)) },
    mark: { type: 'point', filled: true, opacity: 1, shape, color: palette.blue.light },
    encoding: { ...encoding, size: { field: 'size', type: 'quantitative', scale: null } },
  });
  const off = bins.filter(isOff);
  const within = (value: number) => Math.min(Math.max(value, domain[0]), domain[1]);
  const bars = bins.map((bin) => {
    const { low, high } = rangeOf(bin);
    return { x: bin.predicted, y: within(low), high: within(high) };
  });
  return [
    {
      data: { values: domain.map((end) => ({ x: end, y: end })) },
      mark: { type: 'line', color: palette.faint.light, strokeDash: [4, 3], strokeWidth: 1 },
      encoding,
    },
    {
      data: { values: bars },
      mark: { type: 'rule', color: palette.faint.light, strokeWidth: 3, opacity: 0.55 },
      encoding: { ...encoding, y2: { field: 'high' } },
    },
    points(
      bins.filter((bin) => !isOff(bin)),
      'circle',
    ),
    ...(off.length > 0 ? [points(off, 'triangle-up')] : []),
  ];
}

function describe(bins: readonly CalibrationBin[]): string {
  const text = ({ predicted, observed }: CalibrationBin) =>
    `predicted ${percent(predicted)}, observed ${percent(observed)}`;
  const total = bins.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (of: 'predicted' | 'observed') =>
    bins.reduce((sum, bin) => sum + bin[of] * bin.weight, 0) / total;
  const overall = `In all predicted ${percent(mean('predicted'))}, observed ${percent(mean('observed'))}`;
  if (bins.length === 1) return `${overall}; one group. ${outsideText(bins)}.`;
  return `${overall}; lowest of ${bins.length} groups ${text(bins[0]!)}; highest ${text(bins.at(-1)!)}. ${outsideText(bins)}.`;
}

function samplesText(bins: readonly CalibrationBin[]): string {
  const counts = bins.map(({ samples }) => samples);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return `${least === most ? most : `${least} to ${most}`} ${bins.some(isWeighted) ? 'weighted samples' : 'samples'}`;
}

function outsideText(bins: readonly CalibrationBin[]): string {
  const outside = bins.filter((bin) => {
    const { low, high } = rangeOf(bin);
    return bin.observed < low || bin.observed > high;
  });
  const total = bins.length === 1 ? '1 group' : `${bins.length} groups`;
  return `${outside.length === 0 ? 'None' : outside.length} of ${total} ${outside.length > 1 ? 'lie' : 'lies'} outside of what chance allows`;
}
