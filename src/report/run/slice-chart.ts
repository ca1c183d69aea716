/** The parts of the evaluation samples where a task is weakest. */
import { sliceText } from '../../common/slice-text.js';
import { worstSlices } from '../../common/worst-slices.js';
import type { SliceColumn } from '../../evaluation/slicing/slices.js';
import { palette } from '../palette.js';
import { rowChart } from '../row-chart.js';
import type { ReportChart } from '../write-report.js';
import type { TaskArea } from './task-area.js';

const MOST_SLICES = 12;

const STYLES = {
  slice: { colour: palette.blue.light, dash: [1, 0], shape: 'circle', about: 'a slice' },
};

/** Those with enough samples; null where there is none. */
export function sliceChart({ task, name }: TaskArea, columns: readonly SliceColumn[]): ReportChart | null {
  const { slices, caution } = worstSlices(columns);
  if (slices.length === 0) return null;
  const worst = slices.slice(0, MOST_SLICES);
  const title = `Weakest slices of ${task}`;
  const hasIntervals = worst.some(({ interval }) => interval);
  return {
    name: `slices-${task}`,
    title,
    description: `${worst
      .map(
        ({ column, value, area, within }) =>
          `${column} ${sliceText(column, value)} ${area.toFixed(4)}${within === null ? '' : `, mean of the column ${within.toFixed(4)}`}`,
      )
      .join('; ')}.`,
    caption:
      `${name} of ${task} within the ${worst.length === 1 ? 'slice' : `${worst.length} slices`} where ` +
      `${hasIntervals ? 'the upper end of its 95 % interval' : 'it'} is lowest; slices of few samples are left out. ` +
      `Upright tick: the mean of the slices of the same column.${caution === '' ? '' : ` ${caution}`}`,
    spec: rowChart({
      title,
      rows: worst.map(({ column, value, area, interval, within }) => ({
        name: `${column}: ${sliceText(column, value)}`,
        points: [{ series: 'slice', value: area, interval }],
        tick: within,
      })),
      styles: STYLES,
      axis: { title: name },
    }),
  };
}
