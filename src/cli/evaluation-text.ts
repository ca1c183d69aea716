/** What `dupn eval` prints: for each task its metrics down, the model and what scores without one across. */
import { signed, signedInterval } from '../common/signed.js';
import type { SummaryTable } from '../common/summary.js';
import { type Cell, formatTable } from '../common/table.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';

/** Slices that are shown of a task, the worst. */
const SHOWN_SLICES = 5;

export function evaluationText(evaluation: SavedEvaluation): string {
  const { reasons, warnings, against } = evaluation;
  const tables = [
    ...Object.keys(evaluation.tasks).map((task) => metricsTable(evaluation, task)),
    ...Object.keys(evaluation.tasks).flatMap((task) => slicesTable(evaluation, task)),
    ...(against ? [againstTable(evaluation)] : []),
  ];
  const notes = [
    ...Object.entries(reasons).map(([key, reason]) => `${key}: not measured, ${reason}\n`),
    ...Object.entries(warnings).map(([key, warning]) => `warning: ${key} is ${warning}\n`),
  ];
  const text = tables.map(({ title, header, rows }) => `${title}\n${formatTable(header, rows)}`);
  return `${[...text, notes.join('')].filter((part) => part !== '').join('\n')}\ndocs/metrics.md says what the rows and columns are\n`;
}

function metricsTable({ metrics, intervals, tasks, baselines }: SavedEvaluation, task: string): SummaryTable {
  const { samples, labels, requests, users } = tasks[task]!;
  const others = Object.entries(baselines[task] ?? {});
  const names = Object.keys(metrics).flatMap((key) =>
    key.endsWith(`[${task}]`) ? [key.slice(0, -task.length - 2)] : [],
  );
  return {
    title: `${task}: ${samples} samples (by label ${labels.join(' / ')}), ${requests} requests, ${users} users`,
    header: ['metric', 'model', '95 % interval', ...others.map(([name]) => name)],
    rows: names.map((name) => {
      const key = `${name}[${task}]`;
      const interval = intervals[key];
      return [
        name,
        number(metrics[key]),
        interval ? `${interval.low.toFixed(4)} .. ${interval.high.toFixed(4)}` : null,
        ...others.map(([, values]) => number(values[name])),
      ];
    }),
  };
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

function againstTable({ against }: SavedEvaluation): SummaryTable {
  const { run, tasks, metrics } = against!;
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
