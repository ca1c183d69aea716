/** What `dupn eval` prints: the model and, below it, what scores without a model reach. */
import { type Cell, formatTable } from '../common/table.js';
import type { RunEvaluation } from './evaluate-run.js';

/** A table for each kind of task, metrics in columns with their intervals; below, why a metric has no value. */
export function evaluationTable(evaluation: RunEvaluation): string {
  const { metrics, reasons, warnings } = evaluation;
  const kinds = new Map<string, { names: string[]; tasks: string[] }>();
  for (const task of Object.keys(evaluation.tasks)) {
    const names = Object.keys(metrics).flatMap((key) =>
      key.endsWith(`[${task}]`) ? [key.slice(0, -task.length - 2)] : [],
    );
    const kind = kinds.get(names.join()) ?? { names, tasks: [] };
    kinds.set(names.join(), kind);
    kind.tasks.push(task);
  }
  const tables = [...kinds.values()].map(({ names, tasks }) => tableOf(evaluation, names, tasks));
  const notes = [
    ...Object.entries(reasons).map(([key, reason]) => `${key}: not measured, ${reason}\n`),
    ...Object.entries(warnings).map(([key, warning]) => `warning: ${key} is ${warning}\n`),
  ];
  return `${tables.join('\n')}${notes.join('')}\ndocs/metrics.md says what the rows and columns are\n`;
}

function tableOf(
  { metrics, intervals, tasks, baselines }: RunEvaluation,
  names: readonly string[],
  shown: readonly string[],
): string {
  const header = [
    'task',
    'scores',
    ...names.flatMap((name) => [name, '95 % interval']),
    'samples',
    'by label',
  ];
  const rows = shown.flatMap((task) => {
    const { samples, labels } = tasks[task]!;
    const model = names.flatMap((name) => {
      const key = `${name}[${task}]`;
      const interval = intervals[key];
      return [
        number(metrics[key]),
        interval ? `${interval.low.toFixed(4)} .. ${interval.high.toFixed(4)}` : null,
      ];
    });
    const others = Object.entries(baselines[task] ?? {}).map(([baseline, values]) => [
      task,
      `baseline ${baseline}`,
      ...names.flatMap((name) => [number(values[name]), '']),
      '',
      '',
    ]);
    return [[task, 'model', ...model, samples, labels.join(' / ')], ...others] satisfies Cell[][];
  });
  return formatTable(header, rows);
}

function number(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : value.toFixed(4);
}
