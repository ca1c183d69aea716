/** What each task is measured by, run below run. */
import { type ChartRow, rowChart } from '../row-chart.js';
import { stylesFor } from '../series-style.js';
import type { ReportChart } from '../write-report.js';
import type { Reports } from './learning-charts.js';
import { isFiniteNumber } from './numbers.js';
import { tasksOf, withTask } from './run-tables.js';
import { taskAreas } from './task-area.js';

/** Null where nothing could be measured. */
export function runsAreaChart(reports: Reports): ReportChart | null {
  const texts: string[] = [];
  const rows = tasksOf(reports).flatMap((task): ChartRow[] => {
    const measured = Object.entries(withTask(reports, task)).flatMap(([label, { evaluation }]) => {
      const area = taskAreas(evaluation).find((each) => each.task === task)!;
      const value = evaluation.metrics[area.key];
      const interval = evaluation.intervals[area.key] ?? null;
      return isFiniteNumber(value) ? [{ label, name: area.name, value, interval }] : [];
    });
    if (measured.length === 0) return [];
    const heading = `${task}, ${measured[0]!.name}`;
    texts.push(
      `${heading}: ${measured.map(({ label, value }) => `${label} ${value.toFixed(4)}`).join(', ')}`,
    );
    return [
      { heading },
      ...measured.map(({ label, value, interval }) => ({
        name: label,
        points: [{ series: 'run', value, interval }],
      })),
    ];
  });
  if (rows.length === 0) return null;
  return {
    name: 'areas',
    title: 'AUC by task',
    description: `${texts.join('; ')}.`,
    caption: 'Each run with its 95 % interval, where there is one.',
    spec: rowChart({ title: 'AUC by task', rows, styles: stylesFor(['run']), axis: { title: 'AUC' } }),
  };
}
