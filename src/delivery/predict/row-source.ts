/** Rows of a file or of a stream: CSV, JSON lines or Parquet, one after the other, in bounded memory. */
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type CsvError, parse } from 'csv-parse';
import { messageOf, UserError } from '../../common/errors.js';
import { quoteIdentifier } from '../../common/sql.js';
import { parquetSql, rowsOfQuery } from '../database.js';

const ROW_FORMATS = ['csv', 'tsv', 'jsonl', 'parquet'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

export interface Row {
  /** The line that it begins at; of Parquet its place, from 1. */
  readonly line: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A row that cannot be used. */
export interface BadRow {
  readonly line: number;
  /** What was expected, and what came. */
  readonly reason: string;
}

export type RowOrBad = Row | BadRow;

export const isBad = (row: RowOrBad): row is BadRow => 'reason' in row;

export interface RowSource {
  /** What it is called in messages. */
  readonly name: string;
  readonly format: RowFormat;
  /** Null where each row has its own. */
  readonly columns: readonly string[] | null;
  /** Columns that have a type of their own for times, which are read as ISO 8601. */
  readonly times: ReadonlySet<string>;
  readonly rows: AsyncIterable<RowOrBad>;
}

const ENDINGS: readonly (readonly [RegExp, RowFormat])[] = [
  [/\.(tsv|tab)$/i, 'tsv'],
  [/\.(jsonl|ndjson|json)$/i, 'jsonl'],
  [/\.(parquet|pq)$/i, 'parquet'],
];

/** What the ending of a file's name says, .gz left out; CSV otherwise. */
export const formatOf = (path: string): RowFormat =>
  ENDINGS.find(([ending]) => ending.test(path.replace(/\.gz$/i, '')))?.[1] ?? 'csv';

/** `path` is - for the stream. @throws UserError when there is no such file, or it has no header */
export async function openRows(
  connection: DuckDBConnection,
  path: string,
  {
    format = formatOf(path),
    stdin,
  }: { readonly format?: RowFormat | undefined; readonly stdin: NodeJS.ReadableStream | null },
): Promise<RowSource> {
  const name = path === '-' ? 'stdin' : path;
  if (format === 'parquet') {
    if (path === '-') throw new UserError('Cannot read Parquet from stdin: name a file');
    return openParquet(connection, path);
  }
  if (path !== '-' && !existsSync(path)) throw new UserError(`Cannot read ${path}: there is no such file`);
  const plain: NodeJS.ReadableStream = path === '-' ? stdin! : createReadStream(path);
  const input = /\.gz$/i.test(path) ? plain.pipe(createGunzip()) : plain;
  if (path !== '-') plain.on('error', (error) => (input as Readable).destroy(error));
  if (format === 'jsonl')
    return { name, format, columns: null, times: new Set(), rows: jsonRows(input as Readable) };
  return openCsv(name, input as Readable, format);
}

async function openCsv(name: string, input: Readable, format: 'csv' | 'tsv'): Promise<RowSource> {
  const bad: BadRow[] = [];
  const parser = input.pipe(
    parse({
      bom: true,
      info: true,
      delimiter: format === 'tsv' ? '\t' : ',',
      skip_empty_lines: true,
      relax_quotes: true,
      relax_column_count: true,
      skip_records_with_error: true,
      on_skip: (error: CsvError | undefined) => {
        bad.push({ line: Number(error?.lines ?? 0), reason: `expected CSV, got ${messageOf(error)}` });
        return undefined;
      },
    }),
  );
  input.on('error', (error) => parser.destroy(error));
  const records = parser[Symbol.asyncIterator]() as AsyncIterator<{
    record: string[];
    info: { lines: number };
  }>;
  const first = await records.next();
  if (first.done) throw new UserError(`Cannot read ${name}: expected a header line, got nothing`);
  const columns = first.value.record;
  const rows = csvRows(records, columns, bad, first.value.info.lines);
  return { name, format, columns, times: new Set(), rows };
}

async function* csvRows(
  records: AsyncIterator<{ record: string[]; info: { lines: number } }>,
  columns: readonly string[],
  bad: BadRow[],
  headerEnd: number,
): AsyncGenerator<RowOrBad> {
  let line = headerEnd + 1;
  for (;;) {
    const { value, done } = await records.next();
    yield* bad.splice(0);
    if (done) return;
    const { record, info } = value;
    if (record.length === columns.length) {
      yield { line, values: Object.fromEntries(columns.map((column, at) => [column, record[at]])) };
    } else yield { line, reason: `expected ${columns.length} fields, got ${record.length}` };
    line = info.lines + 1;
  }
}

async function* jsonRows(input: Readable): AsyncGenerator<RowOrBad> {
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() === '') continue;
    yield parseLine(text, line);
  }
}

function parseLine(text: string, line: number): RowOrBad {
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
      return { line, values: values as Row['values'] };
    }
    return { line, reason: `expected a JSON object, got ${text.slice(0, 40)}` };
  } catch (error) {
    return { line, reason: `expected a JSON object, got ${messageOf(error)}` };
  }
}

/** Cells are texts; times are written in full, lists as JSON. */
async function openParquet(connection: DuckDBConnection, path: string): Promise<RowSource> {
  const described = await connection
    .runAndReadAll(`DESCRIBE SELECT * FROM ${parquetSql(path)}`)
    .catch((cause) => {
      throw new UserError(`Cannot read ${path}: ${messageOf(cause)}`, { cause });
    });
  const types = described.getRows().map(([name, type]) => [String(name), String(type)] as const);
  const cells = types.map(([name, type]) => {
    const column = quoteIdentifier(name);
    if (type.endsWith('[]')) return `to_json(${column})::VARCHAR`;
    return `${column}::VARCHAR`;
  });
  const columns = types.map(([name]) => name);
  async function* rows(): AsyncGenerator<RowOrBad> {
    let line = 0;
    for await (const chunk of rowsOfQuery<(string | null)[]>(
      connection,
      `SELECT ${cells.join(', ')} FROM ${parquetSql(path)}`,
    )) {
      for (const cellsOfRow of chunk) {
        line++;
        yield { line, values: Object.fromEntries(columns.map((column, at) => [column, cellsOfRow[at]])) };
      }
    }
  }
  const times = new Set(types.filter(([, type]) => /^(TIMESTAMP|DATE)/.test(type)).map(([name]) => name));
  return { name: path, format: 'parquet', columns, times, rows: rows() };
}
