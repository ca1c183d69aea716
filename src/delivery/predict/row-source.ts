/** Rows of a file or of a stream: CSV, JSON lines or Parquet, one after the other, in bounded memory. */
import { createReadStream, existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type CsvError, parse } from 'csv-parse';
import { messageOf, UserError } from '../../common/errors.js';
import { quoteIdentifier } from '../../common/sql.js';
import { parquetSql, rowsOfQuery } from '../database.js';
import { boundedInput, linesOf, MAX_LINE_BYTES, toldOf } from './bounded-input.js';

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
  /** A few of them at a time. */
  readonly rows: AsyncIterable<readonly RowOrBad[]>;
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
  const input = boundedInput(name, plain, /\.gz$/i.test(path));
  if (format === 'jsonl')
    return { name, format, columns: null, times: new Set(), rows: toldOf(name, jsonRows(input)) };
  return openCsv(name, input, format);
}

/** Records that the parser may be ahead. */
const AHEAD = 1024;

interface CsvRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

async function openCsv(name: string, input: Readable, format: 'csv' | 'tsv'): Promise<RowSource> {
  const bad: BadRow[] = [];
  const options = {
    bom: true,
    info: true,
    record_delimiter: ['\n', '\r\n'],
    delimiter: format === 'tsv' ? '\t' : ',',
    skip_empty_lines: true,
    relax_quotes: true,
    relax_column_count: true,
    skip_records_with_error: true,
    on_skip: (error: CsvError | undefined) => {
      bad.push({ line: Number(error?.lines ?? 0), reason: `expected CSV, got ${messageOf(error)}` });
      return undefined;
    },
    max_record_size: MAX_LINE_BYTES,
    readableHighWaterMark: AHEAD,
  };
  const parser = input.pipe(parse(options));
  input.on('error', (error) => parser.destroy(error));
  const blocks = toldOf(name, recordBlocks(parser));
  const first = await blocks.next();
  const [header, ...records] = first.done ? [] : first.value;
  if (!header) throw new UserError(`Cannot read ${name}: expected a header line, got nothing`);
  const columns = header.record;
  const rows = csvRows(records, blocks, columns, bad, header.info.lines + 1);
  return { name, format, columns, times: new Set(), rows };
}

/** What the parser has ready: one record at a time would cost more than to parse it. */
async function* recordBlocks(parser: Readable): AsyncGenerator<CsvRecord[], void, undefined> {
  let failure: Error | null = null;
  let wake = () => {};
  for (const event of ['readable', 'end', 'close']) parser.on(event, () => wake());
  parser.on('error', (error) => {
    failure = error;
    wake();
  });
  for (;;) {
    const block: CsvRecord[] = [];
    for (let record = parser.read() as CsvRecord | null; record !== null; record = parser.read())
      block.push(record);
    if (block.length > 0) yield block;
    else if (failure) throw failure;
    else if (parser.readableEnded || parser.destroyed) return;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

async function* csvRows(
  first: readonly CsvRecord[],
  blocks: AsyncIterable<readonly CsvRecord[]>,
  columns: readonly string[],
  bad: BadRow[],
  firstLine: number,
): AsyncGenerator<readonly RowOrBad[]> {
  let line = firstLine;
  const rowOf = ({ record, info }: CsvRecord): RowOrBad => {
    const at = line;
    line = info.lines + 1;
    if (record.length !== columns.length)
      return { line: at, reason: `expected ${columns.length} fields, got ${record.length}` };
    const values: Record<string, string> = {};
    for (const [place, column] of columns.entries()) values[column] = record[place]!;
    return { line: at, values };
  };
  yield first.map(rowOf);
  for await (const block of blocks) {
    yield block.map(rowOf);
    yield bad.splice(0);
  }
  yield bad.splice(0);
}

async function* jsonRows(input: Readable): AsyncGenerator<readonly RowOrBad[]> {
  let line = 0;
  for await (const text of linesOf(input)) {
    line++;
    if (text.trim() === '') continue;
    yield [parseLine(text, line)];
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

/** Cells are texts; lists and structures are as in JSON lines. */
async function openParquet(connection: DuckDBConnection, path: string): Promise<RowSource> {
  const described = await connection
    .runAndReadAll(`DESCRIBE SELECT * FROM ${parquetSql(path)}`)
    .catch((cause) => {
      throw new UserError(`Cannot read ${path}: ${messageOf(cause).split('\n')[0]}`, { cause });
    });
  const types = described.getRows().map(([name, type]) => [String(name), String(type)] as const);
  const isNested = types.map(([, type]) => type.endsWith(']') || /^(STRUCT|MAP)/.test(type));
  const cells = types.map(([name], at) => {
    const column = quoteIdentifier(name);
    return isNested[at] ? `to_json(${column})::VARCHAR` : `${column}::VARCHAR`;
  });
  const cellOf = (text: string | null, at: number): unknown =>
    text !== null && isNested[at] ? (JSON.parse(text) ?? undefined) : text;
  const columns = types.map(([name]) => name);
  async function* rows(): AsyncGenerator<readonly RowOrBad[]> {
    let line = 0;
    for await (const chunk of rowsOfQuery<(string | null)[]>(
      connection,
      `SELECT ${cells.join(', ')} FROM ${parquetSql(path)}`,
    )) {
      yield chunk.map((cells) => {
        line++;
        return {
          line,
          values: Object.fromEntries(columns.map((column, at) => [column, cellOf(cells[at]!, at)])),
        };
      });
    }
  }
  const times = new Set(types.filter(([, type]) => /^(TIMESTAMP|DATE)/.test(type)).map(([name]) => name));
  return { name: path, format: 'parquet', columns, times, rows: toldOf(path, rows()) };
}
