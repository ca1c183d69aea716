/** An input file made ready to be read: its format known, its text unpacked, its columns found and checked. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { checkColumns } from './check-columns.js';
import { type FileKind, fileKind } from './file-format.js';
import { readHeader } from './header.js';
import type { InputFile } from './input-files.js';
import { readingParquet } from './reading-parquet.js';
import { csvRelation, jsonRelation, parquetColumns, parquetRelation, type Relation } from './relation.js';
import { headRecords, type TextFile } from './scan-file.js';
import { neededColumns, type TableSpec } from './table-spec.js';
import { unpack } from './unpack.js';

export interface OpenedFile {
  readonly input: InputFile;
  readonly kind: FileKind;
  /** The names of its columns; of JSON lines, the keys of the first records. None for an empty file. */
  readonly columns: readonly string[];
  /** The file itself as DuckDB reads it. */
  readonly relation: Relation;
  /** Of text: the unpacked file, and a plain copy of its well-formed records as DuckDB reads that. */
  readonly text?: { readonly file: TextFile; readonly copyRelation: (path: string) => Relation };
}

/** `onUnpacked` hears of the bytes of a gzip file. @throws UserError for a file that can't be read, and for a column that is not there. */
export async function openFile(
  connection: DuckDBConnection,
  spec: TableSpec,
  input: InputFile,
  temporaryFolder: string,
  onUnpacked: (bytesDone: number) => void = () => {},
): Promise<OpenedFile> {
  const kind = await fileKind(spec.source, input);
  const opened =
    kind.format === 'parquet'
      ? await openParquet(connection, spec, input, kind)
      : await openText(spec, input, kind, temporaryFolder, onUnpacked);
  if (opened.columns.length > 0) checkColumns(spec, opened.columns, input.shownPath);
  return opened;
}

async function openParquet(
  connection: DuckDBConnection,
  spec: TableSpec,
  input: InputFile,
  kind: FileKind,
): Promise<OpenedFile> {
  const types = await readingParquet(input, () => parquetColumns(connection, input.path));
  const relation = parquetRelation(input.path, types, spec.separators);
  return { input, kind, columns: [...types.keys()], relation };
}

async function openText(
  spec: TableSpec,
  input: InputFile,
  kind: FileKind,
  temporaryFolder: string,
  onUnpacked: (bytesDone: number) => void,
): Promise<OpenedFile> {
  const path = kind.isGzip ? join(temporaryFolder, 'unpacked.txt') : input.path;
  if (kind.isGzip) await unpack(input, path, onUnpacked);
  const { delimiter, quote } = kind;
  if (kind.format === 'jsonl') {
    const file = { path, dialect: { delimiter, quote, fields: 1 }, hasHeader: false };
    const needed = neededColumns(spec);
    const relation = (of: string, isCopy: boolean) =>
      jsonRelation({ path: of, isCopy, delimiter, quote }, needed, spec.separators);
    const columns = await keysOf(file);
    return {
      input,
      kind,
      columns,
      relation: relation(path, false),
      text: { file, copyRelation: (copy) => relation(copy, true) },
    };
  }
  const hasHeader = spec.source.columns === undefined;
  const columns = spec.source.columns ?? (await readHeader(path, kind, input.shownPath));
  const file = { path, dialect: { delimiter, quote, fields: columns.length }, hasHeader };
  const csv = { delimiter, quote, names: columns };
  return {
    input,
    kind,
    columns,
    relation: csvRelation({ ...csv, path, hasHeader, isCopy: false }),
    text: {
      file,
      copyRelation: (copy) => csvRelation({ ...csv, path: copy, hasHeader: false, isCopy: true }),
    },
  };
}

/** In the order in which they come up. */
async function keysOf(file: TextFile): Promise<readonly string[]> {
  const keys = new Set<string>();
  for (const record of await headRecords(file)) {
    for (const key of Object.keys(parseObject(record.text) ?? {})) keys.add(key);
  }
  return [...keys];
}

/** Undefined for what is no JSON object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
