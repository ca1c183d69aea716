/** What each task is measured by, run below run, and the best score without a model. */
import { type ChartRow, rowChart } from '../row-chart.js';
import type { ReportChart } from '../write-report.js';
import { AREA_STYLES } from './area-chart.js';
import { bestBaseline } from './best-baseline.js';
import type { Reports } from './learning-charts.js';
import { isFiniteNumber } from './numbers.js';
import { tasksOf, withTask } from './run-tables.js';
import { taskAreas } from './task-area.js';

/** Null where nothing could be measured. */
export function runsAreaChart(reports: Reports): ReportChart | null {
  const texts: string[] = [];
  const rows = tasksOf(reports).flatMap((task): ChartRow[] => {
    const of = withTask(reports, task);
    const measured = Object.entries(of).flatMap(([label, { evaluation }]) => {
      const area = taskAreas(evaluation).find((each) => each.task === task)!;
      const value = evaluation.metrics[area.key];
      const interval = evaluation.intervals[area.key] ?? null;
      return isFiniteNumber(value) ? [{ label, name: area.name, value, interval }] : [];
    });
    if (measured.length === 0) return [];
    const heading = `${task}, ${measured[0]!.name}`;
    const best = bestBaseline(of, task);
    texts.push(
      `${heading}: ${measured.map(({ label, value }) => `${label} ${value.toFixed(4)}`).join(', ')}` +
        (best ? `, best baseline ${best.baseline} ${best.area.toFixed(4)}` : ''),
    );
    return [
      { heading },
      ...measured.map(({ label, value, interval }) => ({
        name: label,
        points: [{ series: 'model', value, interval }],
      })),
      ...(best
        ? [
            {
              name: `best baseline: ${best.baseline}`,
              points: [{ series: 'baseline', value: best.area }],
            },
          ]
        : []),
    ];
  });
  if (rows.length === 0) return null;
  return {
    name: 'areas',
    title: 'AUC by task',
    description: `${texts.join('; ')}.`,
    caption: 'Each run with its 95 % interval, where there is one. Diamonds: the best baseline.',
    spec: rowChart({ title: 'AUC by task', rows, styles: AREA_STYLES, axis: { title: 'AUC' } }),
  };
}
