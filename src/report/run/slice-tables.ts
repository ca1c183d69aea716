/** All slices of a task, a table for each column. */
import { percent } from '../../common/percent.js';
import { sliceText } from '../../common/slice-text.js';
import type { Cell } from '../../common/table.js';
import type { Slice, SliceColumn } from '../../evaluation/slicing/slices.js';
import type { PageTable } from '../page.js';
import { fixed, intervalText } from './numbers.js';
import type { TaskArea } from './task-area.js';

interface Column {
  readonly title: string;
  readonly cell: (slice: Slice) => Cell;
}

/** Columns of which no slice has a value are left out. */
export function sliceTables({ task, name }: TaskArea, columns: readonly SliceColumn[]): PageTable[] {
  return columns.flatMap(({ column, slices }) => {
    if (slices.length === 0) return [];
    const all: readonly Column[] = [
      { title: name, cell: ({ area }) => fixed(area) },
      { title: '95 % interval', cell: ({ interval }) => intervalText(interval) },
      { title: 'log loss', cell: ({ logLoss }) => fixed(logLoss) },
      {
        title: 'predicted / observed',
        cell: ({ predictedOverObserved: ratio }) => ratio?.toFixed(2) ?? null,
      },
      { title: 'share', cell: ({ share }) => percent(share) },
      { title: 'samples', cell: ({ samples }) => samples },
      { title: 'by label', cell: ({ labels }) => labels.join(' / ') },
      { title: 'users', cell: ({ users }) => users },
    ];
    const shown = all.filter(({ cell }) => slices.some((slice) => cell(slice) !== null));
    const hasTiny = slices.some(({ tiny }) => tiny);
    return [
      {
        title: `${task} by ${column}`,
        header: [column, ...shown.map(({ title }) => title), ...(hasTiny ? ['note'] : [])],
        rows: slices.map((slice) => [
          sliceText(column, slice.value),
          ...shown.map(({ cell }) => cell(slice)),
          ...(hasTiny ? [slice.tiny ? 'few samples' : ''] : []),
        ]),
      },
    ];
  });
}
