/** What `dupn eval` prints: for each task its metrics down, the model and what scores without one across. */
import { metricTable } from '../common/metric-table.js';
import { signed, signedInterval } from '../common/signed.js';
import { type SummaryTable, tableText } from '../common/summary.js';
import type { Cell } from '../common/table.js';
import type { Against } from '../evaluation/against.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';

/** Slices that are shown of a task, the worst. */
const SHOWN_SLICES = 5;

/** `width` as in `formatTable`. */
export function evaluationText(evaluation: SavedEvaluation, width: number | null): string {
  const { reasons, warnings, against, tasks } = evaluation;
  const tables = [
    ...Object.keys(tasks).map((task) => metricsTable(evaluation, task)),
    ...Object.keys(tasks).flatMap((task) => slicesTable(evaluation, task)),
    ...(against ? [againstTable(against)] : []),
  ];
  const notes = [
    ...Object.entries(reasons).map(([key, reason]) => `${key}: not measured, ${reason}\n`),
    ...Object.entries(warnings).map(([key, warning]) => `warning: ${key} is ${warning}\n`),
  ];
  const text = tables.map((table) => tableText(table, width));
  return `${[...text, notes.join('')].filter((part) => part !== '').join('\n')}\ndocs/metrics.md says what the rows and columns are\n`;
}

function metricsTable({ metrics, intervals, tasks, baselines }: SavedEvaluation, task: string): SummaryTable {
  const { samples, labels, requests, users } = tasks[task]!;
  const names = Object.keys(metrics).flatMap((key) =>
    key.endsWith(`[${task}]`) ? [key.slice(0, -task.length - 2)] : [],
  );
  const ofTask = <T>(values: Readonly<Record<string, T>>) =>
    Object.fromEntries(names.map((name) => [name, values[`${name}[${task}]`]]));
  return metricTable(
    `${task}: ${samples} samples (by label ${labels.join(' / ')}), ${requests} requests, ${users} users`,
    names,
    [
      { name: 'model', values: ofTask(metrics), intervals: ofTask(intervals) },
      ...Object.entries(baselines[task] ?? {}).map(([name, values]) => ({ name, values })),
    ],
  );
}

/** The worst of all columns that are not tiny. */
function slicesTable({ slices, metrics }: SavedEvaluation, task: string): SummaryTable[] {
  const columns = slices[task] ?? [];
  const worst = columns
    .flatMap(({ column, slices }) => slices.map((slice) => ({ column, ...slice })))
    .filter(({ tiny, area }) => !tiny && area !== null)
    .sort((a, b) => a.area! - b.area!)
    .slice(0, SHOWN_SLICES);
  if (worst.length === 0) return [];
  const name = `auc[${task}]` in metrics ? 'auc' : 'macroAuc';
  const rows = worst.map(
    ({ column, value, area, interval, samples, users, predictedOverObserved }): Cell[] => [
      `${column} = ${value}`,
      number(area),
      interval ? `${interval.low.toFixed(4)} .. ${interval.high.toFixed(4)}` : null,
      samples,
      users,
      number(predictedOverObserved),
    ],
  );
  return [
    {
      title: `${task}: the worst slices (all of them: eval/metrics.json)`,
      header: ['slice', name, '95 % interval', 'samples', 'users', 'predicted / observed'],
      rows,
    },
  ];
}

function againstTable({ run, tasks, metrics }: Against): SummaryTable {
  const parts = Object.entries(tasks).map(([task, { samples, of }]) => `${samples} of ${of} of ${task}`);
  const rows = Object.entries(metrics).flatMap(([key, paired]): Cell[][] =>
    paired
      ? [
          [
            key,
            number(paired.value),
            number(paired.other),
            signed(paired.difference),
            paired.interval && signedInterval(paired.interval),
            paired.pValue === null ? null : paired.pValue.toFixed(3),
          ],
        ]
      : [],
  );
  return {
    title: `against ${run}, on the samples of both: ${parts.join(', ')}`,
    header: ['metric', 'this run', 'other', 'difference', '95 % interval', 'p'],
    rows,
  };
}

function number(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : value.toFixed(4);
}
