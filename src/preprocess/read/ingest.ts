/**
 * Reads one input table into a DuckDB table: the columns that the config asks for, in input order,
 * every malformed row in the rejects file, every row accounted for.
 */

import { open } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import type { Context } from '../../common/context.js';
import type { Manifest, RowCounts } from '../../common/prepared.js';
import { quoteIdentifier, quoteLiteral } from '../sql.js';
import { escapeGlob, findInputFiles } from './input-files.js';
import { numberColumn, type TableSpec, textColumn } from './table-spec.js';

export interface IngestOptions {
  /** Folder that the files are relative to; absolute. */
  readonly root: string;
  /** The table to make. Needs preserve_insertion_order, DuckDB's default. */
  readonly tableName: string;
  /** Written only when there is something to reject; absolute, its folder exists. */
  readonly rejectsFile: string;
  /** A folder of the caller's for uncompressed and repaired copies; what is put there is removed again. */
  readonly temporaryFolder: string;
  readonly maxRejectRatio: number;
  readonly context: Context;
}

export interface Ingested {
  /** read = kept + rejected + filtered; `kept` rows are in the table. */
  readonly rows: RowCounts;
  /** The files that were read, in order. */
  readonly inputs: Manifest['inputs'];
}

/**
 * Makes the table `options.tableName`: a VARCHAR for each column in `spec.text` (named by `textColumn`), a
 * DOUBLE for each in `spec.numbers` (`numberColumn`), and `time_us` BIGINT where the spec has a time. The order of the rows is that of `rowid`
 * (which may have gaps): files in the order given, a glob's sorted by name, rows as they are read.
 */
export async function ingest(
  connection: DuckDBConnection,
  spec: TableSpec,
  options: IngestOptions,
): Promise<Ingested> {
  const files = await findInputFiles(connection, spec.name, spec.source.files, options.root);
  const table = quoteIdentifier(options.tableName);
  const columns = [
    ...spec.text.map((name) => ({ name, column: textColumn(spec, name), type: 'VARCHAR' })),
    ...spec.numbers.map((name) => ({ name, column: numberColumn(spec, name), type: 'DOUBLE' })),
  ];
  const created = columns.map(({ column, type }) => `${column} ${type}`);
  if (spec.time) created.push('time_us BIGINT');
  await connection.run(`CREATE TABLE ${table} (${created.join(', ')})`);
  for (const { path } of files) {
    const file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0);
    await file.close();
    const delimiter = spec.source.delimiter ?? ',';
    const first: string[] = parse(buffer.subarray(0, bytesRead), { delimiter, bom: true, to: 1 })[0]!;
    const names = spec.source.columns ?? first;
    const of = (name: string) => `c${names.indexOf(name)}`;
    const selected = columns.map(({ name, type }) => `CAST(${of(name)} AS ${type})`);
    if (spec.time) {
      const text = `concat_ws(' ', ${spec.time.columns.map(of).join(', ')})`;
      selected.push(
        /^\d+$/.test('')
          ? text
          : `coalesce(TRY_CAST(${text} AS BIGINT) * 1000000, epoch_us(TRY_CAST(${text} AS TIMESTAMP)))`,
      );
    }
    const types = names.map((_, index) => `c${index}: 'VARCHAR'`).join(', ');
    await connection.run(
      `INSERT INTO ${table} SELECT ${selected.join(', ')} FROM read_csv(${quoteLiteral(escapeGlob(path))}, auto_detect = false,
        header = ${spec.source.columns === undefined}, delim = ${quoteLiteral(delimiter)}, quote = '"', escape = '"',
        nullstr = '', columns = {${types}})`,
    );
  }
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${table}`);
  const kept = Number(counted.getRows()[0]![0]);
  return {
    rows: { read: kept, kept, rejected: 0, filtered: 0, rejectedBy: {}, filteredBy: {} },
    inputs: files,
  };
}
