/** The values that a column of the log really has, for messages about values that it does not have. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../common/database.js';
import { type IngestedTable, text } from './items.js';

const MAX_SHOWN = 10;

/** `the values of action are view (120), cart (4), ...`, the most frequent first. */
export async function describeValues(
  connection: DuckDBConnection,
  log: IngestedTable,
  column: string,
): Promise<string> {
  const rows = await rowsOf<[string | null, bigint]>(
    connection,
    `SELECT l.${text(log, column)} AS value, count(*) AS n FROM ${log.table} l
     GROUP BY value ORDER BY n DESC, value LIMIT ${MAX_SHOWN}`,
  );
  const shown = rows.map(([value, n]) => `${value ?? 'an empty cell'} (${n})`).join(', ');
  return `the values of ${column} are ${shown}${rows.length === MAX_SHOWN ? ', ...' : ''}`;
}
