/** The parts of the evaluation samples where a task is weakest. */
import type { SliceColumn } from '../../evaluation/slicing/slices.js';
import { palette } from '../palette.js';
import { type ChartRow, rowChart } from '../row-chart.js';
import type { ReportChart } from '../write-report.js';
import { isFiniteNumber } from './numbers.js';
import type { TaskArea } from './task-area.js';

const MOST_SLICES = 12;

const STYLES = {
  slice: { colour: palette.blue.light, dash: [1, 0], shape: 'circle', about: 'a slice' },
};

/** Those with enough samples; null where there is none. */
export function sliceChart(
  { task, name }: TaskArea,
  columns: readonly SliceColumn[],
  overall: number | null | undefined,
): ReportChart | null {
  const measured = columns.flatMap(({ column, slices }) =>
    slices.flatMap(({ value, area, interval, tiny }) =>
      tiny || !isFiniteNumber(area) ? [] : [{ column, value, area, interval }],
    ),
  );
  if (measured.length === 0) return null;
  const worst = measured.sort((a, b) => a.area - b.area).slice(0, MOST_SLICES);
  const title = `Weakest slices of ${task}`;
  return {
    name: `slices-${task}`,
    title,
    description:
      `${worst.map(({ column, value, area }) => `${column} ${value} ${area.toFixed(4)}`).join('; ')}` +
      `${isFiniteNumber(overall) ? `; of all samples ${overall.toFixed(4)}` : ''}.`,
    caption:
      `${name} of ${task} within the ${worst.length === 1 ? 'slice' : `${worst.length} slices`} where it is lowest` +
      `${worst.some(({ interval }) => interval) ? ', with 95 % intervals' : ''}; slices of few samples are left out.` +
      (isFiniteNumber(overall) ? ' Dashed line: all samples.' : ''),
    spec: rowChart({
      title,
      rows: worst.map(
        ({ column, value, area, interval }): ChartRow => ({
          name: `${column}: ${value}`,
          points: [{ series: 'slice', value: area, interval }],
        }),
      ),
      styles: STYLES,
      axis: { title: name },
      ...(isFiniteNumber(overall) && { rule: overall }),
    }),
  };
}
