/** The charts of a backtest: AUC of each task by day, what it differs by from stale's, and the seconds. */
import { aucName } from '../common/auc-name.js';
import { signed, signedInterval } from '../common/signed.js';
import type { BacktestResult } from '../experiments/backtest-result.js';
import { dayChart } from './day-chart.js';
import { palette } from './palette.js';
import type { Layer } from './series-chart.js';
import type { ReportChart } from './write-report.js';

/** Those that have something to show; their names are `auc-<task>`, `difference-<task>` and `seconds`. */
export function backtestCharts(result: BacktestResult): ReportChart[] {
  return [
    ...result.tasks.flatMap((task) => [aucChart(result, task), differenceChart(result, task)]),
    secondsChart(result),
  ].flatMap((chart) => chart ?? []);
}

function aucChart(result: BacktestResult, task: string): ReportChart | null {
  const name = aucName(result.measures[task]!);
  return dayChart(result, {
    name: `auc-${task}`,
    title: `${name} of ${task}`,
    caption: `${name} on the samples of each day, measured before the day is learned.`,
    value: ({ auc }) => auc[task] ?? null,
    axis: { title: name, zero: false },
    describe: (values) => `from ${values[0]!.toFixed(4)} to ${values.at(-1)!.toFixed(4)}`,
  });
}

function differenceChart(result: BacktestResult, task: string): ReportChart | null {
  const name = aucName(result.measures[task]!);
  const others = { ...result, models: result.models.filter((model) => model !== 'stale') };
  const means = result.differences
    .filter((each) => each.task === task && each.against === 'stale')
    .map(({ model, difference, interval }) => {
      const ends = interval ? ` (95 % interval ${signedInterval(interval)})` : '';
      return `${model} ${signed(difference)}${ends}`;
    });
  return dayChart(others, {
    name: `difference-${task}`,
    title: `${name} of ${task} against stale`,
    caption:
      `Difference to the ${name} of stale on the same samples, which leaves out what makes a day easy or hard for all.` +
      (means.length > 0 ? ` Mean over the days: ${means.join(', ')}.` : ''),
    value: ({ auc }, { stale }) => {
      const own = auc[task] ?? null;
      const ofStale = stale?.auc[task] ?? null;
      return own === null || ofStale === null ? null : withoutNoise(own - ofStale);
    },
    axis: { title: `${name} - ${name} of stale`, zero: true },
    behind: (y): Layer[] => [
      {
        data: { values: [{ value: 0 }] },
        mark: { type: 'rule', color: palette.faint.light },
        encoding: { y },
      },
    ],
    describe: (values) => `${signed(Math.min(...values))} to ${signed(Math.max(...values))}`,
  });
}

function secondsChart(result: BacktestResult): ReportChart | null {
  return dayChart(result, {
    name: 'seconds',
    title: 'Seconds',
    caption:
      'Seconds of preprocessing and training until the model is ready for the day; none where it is that of an earlier day.',
    value: ({ preprocessSeconds, trainingSeconds }) => preprocessSeconds + trainingSeconds || null,
    axis: { title: 'seconds', zero: true },
    describe: (values) =>
      `${rounded(Math.min(...values))} to ${rounded(Math.max(...values))} seconds a day, ` +
      `${rounded(values.reduce((sum, value) => sum + value, 0))} in all`,
  });
}

/** .74 - .69 is .05 here: the least bit above would put the next tick on the axis. */
const withoutNoise = (value: number) => Number(value.toFixed(6));

const rounded = (value: number) => Number(value.toFixed(1));
