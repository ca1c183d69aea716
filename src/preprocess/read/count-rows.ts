/** Counts what became of the rows of a table, and leaves only those in it that are kept. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { RowCounts } from '../../common/prepared.js';
import { BLANK, rowRules, tableColumns } from './row-rules.js';
import type { TableSpec } from './table-spec.js';

/** `malformed`: records that are not in the table at all, by reason. Repeated rows still count as kept. */
export async function countRows(
  connection: DuckDBConnection,
  table: string,
  spec: TableSpec,
  malformed: Readonly<Record<string, number>>,
): Promise<RowCounts> {
  const counted = await connection.runAndReadAll(
    `SELECT verdict, count(*) FROM ${table} GROUP BY verdict ORDER BY verdict`,
  );
  const verdicts = counted.getRows().map(([verdict, count]) => [Number(verdict), Number(count)] as const);
  return countVerdicts(spec, verdicts, malformed);
}

/** `verdicts`: each with the number of its rows. */
export function countVerdicts(
  spec: TableSpec,
  verdicts: readonly (readonly [verdict: number, rows: number])[],
  malformed: Readonly<Record<string, number>>,
): RowCounts {
  const rules = rowRules(spec);
  const rejectedBy = { ...malformed };
  const filteredBy: Record<string, number> = {};
  let kept = 0;
  for (const [verdict, count] of verdicts) {
    if (verdict === BLANK) continue;
    if (verdict === 0) {
      kept = count;
      continue;
    }
    const { effect, reason } = rules[verdict - 1]!;
    const counts = effect === 'reject' ? rejectedBy : filteredBy;
    counts[reason] = (counts[reason] ?? 0) + count;
  }
  const rejected = sum(rejectedBy);
  const filtered = sum(filteredBy);
  return { read: kept + rejected + filtered, kept, rejected, filtered, rejectedBy, filteredBy };
}

/** Deletes the rows that are not kept, and the column of the verdicts. Returns the final counts. */
export async function keepRows(
  connection: DuckDBConnection,
  table: string,
  spec: TableSpec,
  counts: RowCounts,
): Promise<RowCounts> {
  await connection.run(`DELETE FROM ${table} WHERE verdict <> 0`);
  const repeated = spec.filter?.deduplicate ? await deleteRepeated(connection, table, tableColumns(spec)) : 0;
  await connection.run(`ALTER TABLE ${table} DROP COLUMN verdict`);
  return withoutRepeated(counts, repeated);
}

/** The counts once so many kept rows are left out as repeated. */
export function withoutRepeated(counts: RowCounts, repeated: number): RowCounts {
  if (repeated === 0) return counts;
  return {
    ...counts,
    kept: counts.kept - repeated,
    filtered: counts.filtered + repeated,
    filteredBy: { ...counts.filteredBy, deduplicate: repeated },
  };
}

/**
 * Deletes each row that equals one with a smaller rowid in all of `columns` (NULL equals NULL). Returns how many.
 * Hashes find the few rows that may be repeated; those alone are compared and sorted.
 */
async function deleteRepeated(
  connection: DuckDBConnection,
  table: string,
  columns: readonly string[],
): Promise<number> {
  const all = columns.join(', ');
  const result = await connection.run(
    `DELETE FROM ${table} WHERE rowid IN (
       SELECT id FROM (
         SELECT rowid AS id, row_number() OVER (PARTITION BY ${all} ORDER BY rowid) AS occurrence
         FROM ${table}
         WHERE hash(${all}) IN (SELECT hash(${all}) FROM ${table} GROUP BY 1 HAVING count(*) > 1))
       WHERE occurrence > 1)`,
  );
  return result.rowsChanged;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
