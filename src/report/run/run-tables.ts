/** Several runs side by side: a table for each task, the best number of each metric marked. */
import { metricTable } from '../../common/metric-table.js';
import type { PageTable } from '../page.js';
import type { RunReport } from '../run-report.js';
import type { Reports } from './learning-charts.js';
import { fixed, isFiniteNumber } from './numbers.js';
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
  const byTitle = <T>(values: Readonly<Record<string, T>>) =>
    Object.fromEntries(names.map((name) => [metricTitle(name), values[`${name}[${task}]`]]));
  const { title, header, rows } = metricTable(
    task,
    names.map(metricTitle),
    runs.map(([name, { evaluation }]) => ({
      name,
      values: byTitle(evaluation.metrics),
      intervals: byTitle(evaluation.intervals),
    })),
  );
  const columns = header.flatMap((name, column) => (column > 0 && name !== INTERVAL ? [column] : []));
  return {
    title,
    header,
    rows: [
      ...rows,
      ['samples', ...counts(header, runs, (report) => `${report.evaluation.tasks[task]!.samples}`)],
      ['by label', ...counts(header, runs, (report) => report.evaluation.tasks[task]!.labels.join(' / '))],
    ],
    bold: names.flatMap((name, row) => {
      const values = runs.map(([, { evaluation }]) => evaluation.metrics[`${name}[${task}]`]);
      return best(values, name).map((run) => [row, columns[run]!] as const);
    }),
  };
}

const INTERVAL = '95 % interval';

/** A text below each run, nothing below its intervals. */
function counts(
  header: readonly string[],
  runs: readonly (readonly [string, RunReport])[],
  textOf: (report: RunReport) => string,
): string[] {
  let at = 0;
  return header.slice(1).map((name) => (name === INTERVAL ? '' : textOf(runs[at++]![1])));
}

/** How far a value is from the best that there can be. */
function badness(name: string, value: number): number {
  if (name === 'predictedOverObserved') return Math.abs(value - 1);
  return ['logLoss', 'normalisedEntropy', 'ece'].includes(name) ? value : -value;
}

/** Places of the best number, as it is shown; none where there is nothing to compare. */
function best(values: readonly (number | null | undefined)[], name: string): number[] {
  const shown = values.map((value) => (isFiniteNumber(value) ? badness(name, Number(fixed(value))) : null));
  const measured = shown.filter((value) => value !== null);
  if (measured.length < 2) return [];
  const least = Math.min(...measured);
  if (measured.every((value) => value === least)) return [];
  return shown.flatMap((value, at) => (value === least ? [at] : []));
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
