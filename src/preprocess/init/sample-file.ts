/** A file that nothing is known of yet: its format, its columns and its first rows. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../../common/errors.js';
import { type FileKind, fileKind } from '../read/file-format.js';
import { decodeRecord, readHeader } from '../read/header.js';
import { findInputFiles, type InputFile } from '../read/input-files.js';
import { parseObject } from '../read/open-file.js';
import { OTHER_ENCODING } from '../read/other-encoding.js';
import { readingParquet } from '../read/reading-parquet.js';
import { parquetColumns, parquetRelation } from '../read/relation.js';
import { HEAD_RECORDS, headRecords, scanFile } from '../read/scan-file.js';
import { cutRecords, takeHead } from '../read/take-head.js';

export interface SampledFile {
  readonly path: string;
  /** The source keys that reading it needs, beside `files` and the names of its columns. */
  readonly delimiter?: string;
  readonly quote?: string;
  readonly hasHeader: boolean;
  /** Empty without a header. */
  readonly columns: readonly string[];
  /** Text of each column in each of the first rows; empty where there is nothing. */
  readonly rows: readonly (readonly string[])[];
  /** Of each column: it has a type of its own for times. */
  readonly isTime: readonly boolean[];
}

const DELIMITERS = [',', '\t', ';', '|', '\u0001'];

/** @throws UserError for a file that can't be read, or has no rows. */
export async function sampleFile(
  connection: DuckDBConnection,
  path: string,
  looksLikeData: (fields: readonly string[]) => boolean,
): Promise<SampledFile> {
  const [input] = await findInputFiles(connection, basename(path), [path], dirname(path));
  const kind = await fileKind({ files: [path], format: 'auto', quote: '"' }, input!);
  const sampled =
    kind.format === 'parquet'
      ? await readingParquet(input!, () => sampleParquet(connection, input!))
      : await sampleText(input!, kind, looksLikeData);
  if (sampled.rows.length === 0) throw new UserError(`Cannot write a config for ${path}: it has no rows`);
  return sampled;
}

async function sampleParquet(connection: DuckDBConnection, { path }: InputFile): Promise<SampledFile> {
  const types = await parquetColumns(connection, path);
  const columns = [...types.keys()];
  const relation = parquetRelation(path, types, Object.fromEntries(columns.map((name) => [name, '|'])));
  const texts = columns.map((name) => `coalesce(${relation.text(name)}, '')`);
  const result = await connection.runAndReadAll(
    `SELECT ${texts.join(', ')} FROM ${relation.from} LIMIT ${HEAD_RECORDS}`,
  );
  return {
    path,
    hasHeader: true,
    columns,
    rows: result.getRows() as string[][],
    isTime: columns.map((name) => relation.instant(name, 'UTC') !== undefined),
  };
}

async function sampleText(
  input: InputFile,
  kind: FileKind,
  looksLikeData: (fields: readonly string[]) => boolean,
): Promise<SampledFile> {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-init-'));
  const { path } = input;
  try {
    const head = join(folder, `head${extname(path.replace(/\.gz$/i, ''))}`);
    const { isWhole } = await takeHead(input, kind.isGzip, head);
    const textOf = (delimiter: number, quote: number, fields: number) => ({
      path: head,
      dialect: { delimiter, quote, fields },
      hasHeader: false,
    });
    // So that no record at the end of the head is a cut one.
    await cutRecords(textOf(kind.delimiter, -1, 0), isWhole, Number.POSITIVE_INFINITY);
    if (kind.format === 'jsonl') {
      const records = await headRecords(textOf(kind.delimiter, -1, 1));
      const objects = records.map(({ text }) => parseObject(text)).filter((object) => object !== undefined);
      const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
      const rows = objects.map((object) => columns.map((name) => textOfValue(object[name])));
      return { path, hasHeader: true, columns, rows, isTime: columns.map(() => false) };
    }
    const { delimiter, quote } = await divide(head, kind, input.shownPath);
    const found = {
      ...kind,
      delimiter: delimiter.charCodeAt(0),
      quote: quote === '' ? -1 : quote.charCodeAt(0),
    };
    const first = await readHeader(head, found, input.shownPath);
    const text = textOf(found.delimiter, found.quote, first.length);
    const scanned = await scanFile(text);
    if ((scanned.problems['bad UTF-8'] ?? 0) > scanned.records) {
      throw new UserError(`Cannot write a config for ${path}: ${OTHER_ENCODING}`);
    }
    const records = await headRecords(text);
    const rows = records.map(({ text }) => decodeRecord(text.replace(/^\uFEFF/, ''), found));
    const hasHeader = !looksLikeData(first) && new Set(first).size === first.length;
    return {
      path,
      ...(found.delimiter !== kind.delimiter && { delimiter }),
      ...(found.quote !== kind.quote && { quote }),
      hasHeader,
      columns: hasHeader ? first : [],
      rows: hasHeader ? rows.slice(1) : rows,
      isTime: first.map(() => false),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The delimiter and the quote that divide most records into the same number of fields, two at least. */
async function divide(
  path: string,
  kind: FileKind,
  shownPath: string,
): Promise<{ readonly delimiter: string; readonly quote: string }> {
  const byName = String.fromCharCode(kind.delimiter);
  let best = { delimiter: byName, quote: '"', records: 0 };
  for (const delimiter of [byName, ...DELIMITERS.filter((other) => other !== byName)]) {
    for (const quote of ['"', '']) {
      const dialect = { delimiter: delimiter.charCodeAt(0), quote: quote === '' ? -1 : quote.charCodeAt(0) };
      const header = await readHeader(path, { ...kind, ...dialect }, shownPath).catch((error: unknown) => {
        if (error instanceof UserError) return [];
        throw error;
      });
      if (header.length < 2) continue;
      const file = { path, dialect: { ...dialect, fields: header.length }, hasHeader: false };
      const { records } = await scanFile(file);
      if (records > best.records) best = { delimiter, quote, records };
    }
  }
  return best;
}

function textOfValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.join('|');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
