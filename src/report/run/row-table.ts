/** What became of the rows of each table. */
import type { RowCounts } from '../../common/prepared.js';
import type { PageTable } from '../page.js';

export function rowTable(rows: Readonly<Record<string, RowCounts>>): PageTable {
  return {
    title: 'Rows',
    header: ['table', 'read', 'kept', 'rejected', 'filtered', 'reasons'],
    rows: Object.entries(rows).map(([table, { read, kept, rejected, filtered, rejectedBy, filteredBy }]) => [
      table,
      read,
      kept,
      rejected,
      filtered,
      reasonsText({ ...filteredBy, ...rejectedBy }) || null,
    ]),
  };
}

function reasonsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason}: ${count}`)
    .join(', ');
}
