/** Several runs side by side: a table for each task, the best number of each metric marked. */
import { badness } from '../../common/metric-direction.js';
import { metricTable } from '../../common/metric-table.js';
import { metricTitle } from '../../common/metric-title.js';
import type { PageTable } from '../page.js';
import type { RunReport } from '../run-report.js';
import { bestBaseline } from './best-baseline.js';
import type { Reports } from './learning-charts.js';
import { fixed, isFiniteNumber } from './numbers.js';
import { metricNames } from './task-area.js';

/** The best baseline of each task stands beside the runs. */
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
  const byTitle = <T>(of: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [metricTitle(name), of(name)]));
  const baseline = bestBaseline(reports, task);
  const { title, header, rows } = metricTable(task, names.map(metricTitle), [
    ...runs.map(([label, { evaluation }]) => ({
      name: label,
      values: byTitle((name) => evaluation.metrics[`${name}[${task}]`]),
      intervals: byTitle((name) => evaluation.intervals[`${name}[${task}]`]),
    })),
    ...(baseline
      ? [
          {
            name: `best baseline: ${baseline.baseline}`,
            values: byTitle((name) => baseline.values[name]),
          },
        ]
      : []),
  ]);
  const columns = header.flatMap((name, column) => (column > 0 && name !== INTERVAL ? [column] : []));
  const below = (name: string, textOf: (report: RunReport) => string) => {
    const texts = new Map(runs.map(([, report], run) => [columns[run]!, textOf(report)]));
    return [name, ...header.slice(1).map((_, at) => texts.get(at + 1) ?? '')];
  };
  return {
    title,
    header,
    rows: [
      ...rows,
      below('samples', ({ evaluation }) => `${evaluation.tasks[task]!.samples}`),
      below('by label', ({ evaluation }) => evaluation.tasks[task]!.labels.join(' / ')),
    ],
    bold: names.flatMap((name, row) => {
      const values = runs.map(([, { evaluation }]) => evaluation.metrics[`${name}[${task}]`]);
      return best(values, name).map((run) => [row, columns[run]!] as const);
    }),
  };
}

const INTERVAL = '95 % interval';

/** Places of the best number, as it is shown; none where there is nothing to compare. */
function best(values: readonly (number | null | undefined)[], name: string): number[] {
  const shown = values.map((value) => (isFiniteNumber(value) ? badness(name, Number(fixed(value))) : null));
  const measured = shown.filter((value) => value !== null);
  if (measured.length < 2) return [];
  const least = Math.min(...measured);
  if (measured.every((value) => value === least)) return [];
  return shown.flatMap((value, at) => (value === least ? [at] : []));
}
