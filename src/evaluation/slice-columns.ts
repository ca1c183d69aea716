/**
 * The columns that a task's samples are sliced by, as codes in a temporary file:
 *
 * - behaviours: how many the window holds; user: whether the user had any before the evaluation period, or the update
 * - hour, dayOfWeek: local time of the request; query: how many words it has
 * - candidate: in how many training samples it was judged
 * - each further column of the samples (`keep`), item.<field>, <entity>.<field> of the candidate, user.<field>
 *
 * Texts have a slice for each of their most frequent values and one for all others, numbers with more values than that one for
 * each tenth of the samples.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { openDatabase, rowsOf } from '../common/database.js';
import { RawArray } from '../dataset/raw-array.js';
import { measuredRequests, samplesOf } from './measured.js';
import { createFacts, type Expression, type FactsInput } from './slice-facts.js';
import type { SliceCodes } from './slices.js';

/** Values of a column that get a slice of their own. */
const MOST_VALUES = 24;

/** Slices of a number with more values than that. */
const TENTHS = 10;

export interface SliceInput extends FactsInput {
  /** Those that are asked for; null for all there are. */
  readonly columns: readonly string[] | null;
  /** For the file. */
  readonly folder: string;
  /** What DuckDB may use. */
  readonly limits: Parameters<typeof openDatabase>[1];
}

export interface OpenSliceCodes extends SliceCodes {
  /** What could be asked for. */
  readonly known: readonly string[];
  close(): void;
}

export async function openSliceCodes(input: SliceInput): Promise<OpenSliceCodes> {
  const { prepared, task, folder, limits, columns: asked } = input;
  const database = await openDatabase(folder, limits);
  const path = join(folder, `${task}.slices.u8`);
  try {
    const { connection } = database;
    const all = await createFacts(connection, input);
    const chosen = asked === null ? all : all.filter(({ column }) => asked.includes(column));
    const coded: { readonly column: string; readonly values: readonly string[] }[] = [];
    for (const [at, expression] of chosen.entries()) {
      coded.push({ column: expression.column, values: await createCodes(connection, expression, at) });
    }
    await writeCodes(connection, chosen, path);
    const first = samplesOf(prepared, task, measuredRequests(prepared.manifest))[0];
    const file = new RawArray(path, 'u8');
    return {
      known: all.map(({ column }) => column),
      columns: coded,
      read: (from, to) => file.read((from - first) * coded.length, (to - first) * coded.length),
      close: () => file.close(),
    };
  } finally {
    database.close();
  }
}

/** `codes<at>` (value, code) for the values of a column; their names by code. */
async function createCodes(
  connection: DuckDBConnection,
  { sql, mayBeNumber }: Expression,
  at: number,
): Promise<string[]> {
  const [counted] = await rowsOf<[bigint, bigint]>(
    connection,
    `SELECT count(DISTINCT ${sql}), count(*) FILTER (${sql} IS NOT NULL AND TRY_CAST(${sql} AS DOUBLE) IS NULL) FROM facts`,
  );
  const [distinct, texts] = counted!.map(Number) as [number, number];
  if (mayBeNumber && texts === 0 && distinct > MOST_VALUES) return createTenths(connection, sql, at);
  await connection.run(
    `CREATE TABLE codes${at} AS SELECT value, CAST(row_number() OVER (ORDER BY n DESC, value) - 1 AS INTEGER) AS code
     FROM (SELECT CAST(${sql} AS VARCHAR) AS value, count(*) AS n FROM facts GROUP BY value)
     QUALIFY code < ${MOST_VALUES}`,
  );
  const rows = await rowsOf<[string | null]>(connection, `SELECT value FROM codes${at} ORDER BY code`);
  return [...rows.map(([value]) => value ?? '(missing)'), '(other)'];
}

/** Tenths of the samples by a number, and `(missing)`. */
async function createTenths(connection: DuckDBConnection, sql: string, at: number): Promise<string[]> {
  await connection.run(
    `CREATE TABLE codes${at} AS
     WITH counted AS (SELECT CAST(${sql} AS VARCHAR) AS value, CAST(${sql} AS DOUBLE) AS number, count(*) AS n FROM facts GROUP BY ALL),
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
  return [...names, '(other)'];
}

/** Codes of all samples, row by row; what has none is `(other)`, the last one. */
async function writeCodes(
  connection: DuckDBConnection,
  expressions: readonly Expression[],
  path: string,
): Promise<void> {
  const columns: string[] = [];
  const joins: string[] = [];
  for (const [at, { sql }] of expressions.entries()) {
    columns.push(`coalesce(codes${at}.code, (SELECT max(code) + 1 FROM codes${at}))`);
    joins.push(`LEFT JOIN codes${at} ON codes${at}.value IS NOT DISTINCT FROM CAST(${sql} AS VARCHAR)`);
  }
  const file = openSync(path, 'w');
  try {
    if (columns.length === 0) return;
    const result = await connection.stream(
      `SELECT ${columns.join(', ')} FROM facts ${joins.join(' ')} ORDER BY facts.sample`,
    );
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      const bytes = new Uint8Array(chunk.rowCount * columns.length);
      for (let column = 0; column < columns.length; column++) {
        for (const [row, code] of chunk.getColumnValues(column).entries()) {
          bytes[row * columns.length + column] = code as number;
        }
      }
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    }
  } finally {
    closeSync(file);
  }
}
