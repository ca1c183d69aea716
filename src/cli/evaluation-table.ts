/** What `dupn eval` prints: the model and, below it, what scores without a model reach. */
import { type Cell, formatTable } from '../common/table.js';
import type { RunEvaluation } from './evaluate-run.js';

/** Metrics in columns, each with its interval; below the table, why a metric has no value. */
export function evaluationTable({ metrics, intervals, reasons, tasks, baselines }: RunEvaluation): string {
  const names = [...new Set(Object.keys(metrics).map((key) => key.slice(0, key.indexOf('['))))];
  const header = [
    'task',
    'scores',
    ...names.flatMap((name) => [name, '95 % interval']),
    'samples',
    'by label',
  ];
  const rows = Object.entries(tasks).flatMap(([task, { samples, labels }]) => {
    const model = names.flatMap((name) => {
      const key = `${name}[${task}]`;
      const interval = intervals[key];
      return [
        number(metrics[key]),
        interval ? `${interval.low.toFixed(4)} .. ${interval.high.toFixed(4)}` : null,
      ];
    });
    const others = Object.entries(baselines[task] ?? {}).map(([baseline, values]) => {
      const found: Readonly<Record<string, number | null>> = { ...values };
      return [task, `baseline ${baseline}`, ...names.flatMap((name) => [number(found[name]), '']), '', ''];
    });
    return [[task, 'model', ...model, samples, labels.join(' / ')], ...others] satisfies Cell[][];
  });
  const notes = Object.entries(reasons).map(([key, reason]) => `${key}: not measured, ${reason}\n`);
  return formatTable(header, rows) + notes.join('');
}

function number(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : value.toFixed(4);
}
