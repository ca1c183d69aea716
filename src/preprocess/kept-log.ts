/** The log as it was read, kept beside the streams in a Parquet file for each segment: what an update goes on from. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf } from '../common/database.js';
import { type Manifest, preparedPaths } from '../common/prepared.js';
import { escapeGlob, quoteLiteral } from '../common/sql.js';
import { type IngestedTable, number, text } from './items.js';
import { writeParquet } from './raw-files.js';

export type KeptLog = NonNullable<Manifest['keptLog']>;

/** Columns of the table with the names that they have in the files: another config may name the same columns in another order. */
function columnsOf(log: IngestedTable, { text: texts, numbers }: KeptLog) {
  return [
    ...texts.map((column, at) => ({ inTable: text(log, column), inFile: `t${at}` })),
    ...numbers.map((column, at) => ({ inTable: number(log, column), inFile: `n${at}` })),
    { inTable: 'time_us', inFile: 'time_us' },
  ];
}

export const keptColumns = ({ spec }: IngestedTable): KeptLog => ({ text: spec.text, numbers: spec.numbers });

/** Writes the events from `firstRow` (by rowid) on, in input order. */
export async function writeKeptLog(
  connection: DuckDBConnection,
  folder: string,
  log: IngestedTable,
  kept: KeptLog,
  { segment, firstRow }: { readonly segment: string; readonly firstRow: number },
): Promise<void> {
  const columns = columnsOf(log, kept).map(({ inTable, inFile }) => `${inTable} AS ${inFile}`);
  const rows = `SELECT ${columns.join(', ')} FROM ${log.table} WHERE rowid >= ${firstRow} ORDER BY rowid`;
  await writeParquet(connection, folder, preparedPaths.streamLog(segment), rows);
}

/** Puts the kept events before those of the table. `firstRow` is the rowid of the first of the latter. */
export async function joinKeptLog(
  connection: DuckDBConnection,
  folder: string,
  { segments, keptLog }: Pick<Manifest, 'segments' | 'keptLog'>,
  log: IngestedTable,
): Promise<{ readonly log: IngestedTable; readonly firstRow: number }> {
  const columns = columnsOf(log, keptLog!);
  const names = columns.map(({ inTable }) => inTable).join(', ');
  const whole = { spec: log.spec, table: 'whole_log' };
  await connection.run(`CREATE TABLE ${whole.table} AS SELECT ${names} FROM ${log.table} WHERE false`);
  for (const segment of segments) {
    const path = join(folder, preparedPaths.streamLog(segment));
    await connection.run(
      `INSERT INTO ${whole.table} SELECT ${columns.map(({ inFile }) => inFile).join(', ')}
       FROM read_parquet(${quoteLiteral(escapeGlob(path))})`,
    );
  }
  const firstRow = await numberOf(connection, `SELECT count(*) FROM ${whole.table}`);
  await connection.run(`INSERT INTO ${whole.table} SELECT ${names} FROM ${log.table} ORDER BY rowid`);
  await connection.run(`DROP TABLE ${log.table}`);
  return { log: whole, firstRow };
}
