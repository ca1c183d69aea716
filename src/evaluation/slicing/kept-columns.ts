/** What samples can be sliced by that is kept of their table. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../../common/database.js';
import { preparedPaths } from '../../common/prepared.js';
import { escapeGlob, quoteIdentifier, quoteLiteral } from '../../common/sql.js';
import { openColumns } from '../column-reader.js';
import type { Range } from '../measured.js';
import { MOST_VALUES, OTHER } from './frequent-values.js';

/** Slices of a number with more values than that. */
const TENTHS = 10;

export interface KeptColumns {
  /** Of each column, by code. */
  readonly values: readonly (readonly string[])[];
  /** Of the next so many samples, row by row, [samples, columns]. */
  next(samples: number): Promise<Uint8Array>;
}

export interface KeptInput {
  readonly connection: DuckDBConnection;
  readonly folder: string;
  readonly task: string;
  readonly keep: readonly string[];
  readonly requests: Range;
}

export async function keptColumns({
  connection,
  folder,
  task,
  keep,
  requests,
}: KeptInput): Promise<KeptColumns> {
  const file = quoteLiteral(escapeGlob(join(folder, preparedPaths.samples(task))));
  const [start, end] = requests;
  await connection.run(
    `CREATE VIEW kept AS SELECT * FROM read_parquet(${file}) WHERE request >= ${start} AND request < ${end}`,
  );
  const values: (readonly string[])[] = [];
  for (const [at, column] of keep.entries()) {
    values.push(await createCodes(connection, quoteIdentifier(column), at));
  }
  if (keep.length === 0) return { values, next: async () => new Uint8Array(0) };
  const codes = keep.map((_, at) => `coalesce(codes${at}.code, ${values[at]!.length - 1})`);
  const joins = keep.map(
    (column, at) =>
      `LEFT JOIN codes${at} ON codes${at}.value IS NOT DISTINCT FROM CAST(kept.${quoteIdentifier(column)} AS VARCHAR)`,
  );
  const read = await openColumns(
    connection,
    `SELECT ${codes.join(', ')} FROM kept ${joins.join(' ')} ORDER BY kept.sample`,
    keep.length,
  );
  return {
    values,
    async next(samples) {
      const bytes = new Uint8Array(samples * keep.length);
      for (const [column, codes] of (await read(samples)).entries()) {
        for (let at = 0; at < samples; at++) bytes[at * keep.length + column] = codes[at]!;
      }
      return bytes;
    },
  };
}

/** `codes<at>` (value, code) for the values of a column; their names by code, the last one of all others. */
async function createCodes(connection: DuckDBConnection, column: string, at: number): Promise<string[]> {
  const [counted] = await rowsOf<[bigint, bigint]>(
    connection,
    `SELECT count(DISTINCT ${column}), count(*) FILTER (${column} IS NOT NULL AND TRY_CAST(${column} AS DOUBLE) IS NULL) FROM kept`,
  );
  const [distinct, texts] = counted!.map(Number) as [number, number];
  if (texts === 0 && distinct > MOST_VALUES) return createTenths(connection, column, at);
  await connection.run(
    `CREATE TABLE codes${at} AS SELECT value, CAST(row_number() OVER (ORDER BY n DESC, value) - 1 AS INTEGER) AS code
     FROM (SELECT CAST(${column} AS VARCHAR) AS value, count(*) AS n FROM kept GROUP BY ALL)
     QUALIFY code < ${MOST_VALUES}`,
  );
  const rows = await rowsOf<[string | null]>(connection, `SELECT value FROM codes${at} ORDER BY code`);
  return [...rows.map(([value]) => value ?? '(missing)'), OTHER];
}

/** Tenths of the samples by a number, and `(missing)`. */
async function createTenths(connection: DuckDBConnection, column: string, at: number): Promise<string[]> {
  await connection.run(
    `CREATE TABLE codes${at} AS
     WITH counted AS (SELECT CAST(${column} AS VARCHAR) AS value, CAST(${column} AS DOUBLE) AS number, count(*) AS n FROM kept GROUP BY ALL),
       placed AS (SELECT value, number, floor((sum(n) OVER (ORDER BY number, value) - n / 2.0) * ${TENTHS} / sum(n) OVER ()) AS tenth
         FROM counted WHERE value IS NOT NULL UNION ALL SELECT value, number, NULL FROM counted WHERE value IS NULL)
     SELECT value, number, CAST(dense_rank() OVER (ORDER BY tenth NULLS LAST) - 1 AS INTEGER) AS code FROM placed`,
  );
  const rows = await rowsOf<[number | null, number | null]>(
    connection,
    `SELECT min(number), max(number) FROM codes${at} GROUP BY code ORDER BY code`,
  );
  const names = rows.map(([low, high]) =>
    low === null ? '(missing)' : low === high ? `${low}` : `${low} to ${high}`,
  );
  return [...names, OTHER];
}
