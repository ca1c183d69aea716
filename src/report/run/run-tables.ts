/** Several runs side by side: a table for each task, the best number of each metric marked. */
import type { Cell } from '../../common/table.js';
import type { PageTable } from '../page.js';
import type { Reports } from './learning-charts.js';
import { fixed, intervalText, isFiniteNumber } from './numbers.js';
import { metricTitle } from './result-tables.js';
import { metricNames } from './task-area.js';

export function runTables(reports: Reports): PageTable[] {
  return tasksOf(reports).map((task) => runTable(withTask(reports, task), task));
}

/** In the order of the first run that has them. */
export function tasksOf(reports: Reports): string[] {
  return [...new Set(Object.values(reports).flatMap(({ evaluation }) => Object.keys(evaluation.tasks)))];
}

export function withTask(reports: Reports, task: string): Reports {
  return Object.fromEntries(Object.entries(reports).filter(([, { evaluation }]) => task in evaluation.tasks));
}

function runTable(reports: Reports, task: string): PageTable {
  const runs = Object.entries(reports);
  const names = [...new Set(runs.flatMap(([, { evaluation }]) => metricNames(evaluation, task)))];
  const columns = names.flatMap((name) => {
    const key = `${name}[${task}]`;
    const hasIntervals = runs.some(([, { evaluation }]) => evaluation.intervals[key]);
    return [
      { title: metricTitle(name), key, isInterval: false },
      ...(hasIntervals ? [{ title: '95 % interval', key, isInterval: true }] : []),
    ];
  });
  const values = (key: string) => runs.map(([, { evaluation }]) => evaluation.metrics[key]);
  return {
    title: task,
    header: ['run', ...columns.map(({ title }) => title), 'samples', 'by label'],
    rows: runs.map(([label, { evaluation }]): Cell[] => [
      label,
      ...columns.map(({ key, isInterval }) =>
        isInterval ? intervalText(evaluation.intervals[key]) : fixed(evaluation.metrics[key]),
      ),
      evaluation.tasks[task]!.samples,
      evaluation.tasks[task]!.labels.join(' / '),
    ]),
    bold: columns.flatMap(({ key, isInterval }, column) =>
      isInterval ? [] : best(values(key), isLoss(key)).map((row) => [row, column + 1] as const),
    ),
  };
}

const isLoss = (key: string) => key.startsWith('logLoss');

/** Places of the best number, as it is shown; none where there is nothing to compare. */
function best(values: readonly (number | null | undefined)[], isLow: boolean): number[] {
  const shown = values.map((value) => (isFiniteNumber(value) ? Number(fixed(value)) : null));
  const measured = shown.filter((value) => value !== null);
  if (measured.length < 2) return [];
  const [low, high] = [Math.min(...measured), Math.max(...measured)];
  if (low === high) return [];
  return shown.flatMap((value, at) => (value === (isLow ? low : high) ? [at] : []));
}

/** Numbers of other samples do not compare. */
export function sampleWarnings(reports: Reports): string[] {
  return tasksOf(reports).flatMap((task) => {
    const labels = Object.entries(withTask(reports, task)).map(
      ([label, { evaluation }]) => [label, evaluation.tasks[task]!.labels.join(' / ')] as const,
    );
    if (new Set(labels.map(([, text]) => text)).size <= 1) return [];
    const each = labels.map(([label, text]) => `${label} on ${text}`);
    return [`${task}: not all runs are measured on the same samples (by label: ${each.join(', ')}).`];
  });
}
