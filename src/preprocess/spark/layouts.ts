/** How the files of a table are written, told from their heads by the very code that reads whole files on this machine. */
import { truncate, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../../common/errors.js';
import { checkColumns } from '../read/check-columns.js';
import { type FileKind, fileKind } from '../read/file-format.js';
import type { InputFile } from '../read/input-files.js';
import { type OpenedFile, openFile } from '../read/open-file.js';
import { HEAD_RECORDS } from '../read/scan-file.js';
import type { TableSpec } from '../read/table-spec.js';
import { tableTimeFormat, timeFormatOf } from '../read/table-time.js';
import { sparkParquet } from './relation.js';
import type { SparkSession } from './session.js';

/** What is looked at of a file that tells more than its header, or does not tell even that in few bytes; of each other one. */
const LONG_HEAD_BYTES = 4 << 20;
const HEAD_BYTES = 64 << 10;

export interface SparkInput extends InputFile {
  readonly kind: FileKind;
  /** Of a CSV or JSON lines the names, of a Parquet file Spark's types with them. */
  readonly columns: readonly string[];
  readonly types: ReadonlyMap<string, string> | null;
  /** Lines up to its header, that line included; 0 without a header. */
  readonly headerLines: number;
}

export interface Layouts {
  /** Without files that hold nothing. */
  readonly inputs: readonly SparkInput[];
  readonly empty: readonly InputFile[];
  /** As `tableTimeFormat` tells it. */
  readonly timeFormat: string | undefined;
}

/** @throws UserError for files that can't be read, and columns that are not there; they are named as the user names them */
export async function readLayouts(
  spark: SparkSession,
  connection: DuckDBConnection,
  spec: TableSpec,
  files: readonly InputFile[],
  temporaryFolder: string,
): Promise<Layouts> {
  const inputs: SparkInput[] = [];
  const empty: InputFile[] = [];
  let timeFormat: string | undefined;
  for (const file of files) {
    const tellsTime = spec.time !== undefined && timeFormat === undefined;
    const isLong = inputs.length === 0 || (tellsTime && inputs.at(-1)!.kind.format !== 'parquet');
    const tools = { spark, connection, spec, temporaryFolder };
    const head = await openHead(tools, file, isLong ? LONG_HEAD_BYTES : HEAD_BYTES);
    const { kind, opened } = head;
    if (!opened) {
      const types = new Map(await spark.columns(file.path));
      const columns = [...types.keys()];
      checkColumns(spec, columns, file.shownPath);
      inputs.push({ ...file, kind, columns, types, headerLines: 0 });
      if (spec.time) {
        timeFormat ??= await timeFormatOf(connection, spec, file.shownPath, () =>
          parquetTimes(spark, spec, file, types),
        );
      }
      continue;
    }
    if (kind.format === 'csv' && opened.columns.length === 0) {
      empty.push(file);
      continue;
    }
    if (spec.time) timeFormat ??= await tableTimeFormat(connection, spec, opened);
    const headerLines = opened.text!.file.hasHeader ? linesToHeader(head.data) : 0;
    inputs.push({ ...file, kind, columns: opened.columns, types: null, headerLines });
  }
  return { inputs, empty, timeFormat };
}

interface Tools {
  readonly spark: SparkSession;
  readonly connection: DuckDBConnection;
  readonly spec: TableSpec;
  readonly temporaryFolder: string;
}

interface Head {
  readonly data: Buffer;
  readonly kind: FileKind;
  /** The first lines that are whole, as a file; null of Parquet, which has none. */
  readonly opened: OpenedFile | null;
}

/** More than `size` bytes are looked at where these do not tell the columns. */
async function openHead(tools: Tools, file: InputFile, size: number): Promise<Head> {
  const { spark, connection, spec, temporaryFolder } = tools;
  const { data, isWhole } = await spark.head(file.path, size);
  const ending = extname(file.path.replace(/\.(gz|bz2|zst|lz4|snappy|deflate)$/i, ''));
  const path = join(temporaryFolder, `head${ending}`);
  await writeFile(path, data);
  const local: InputFile = { ...file, path, bytes: data.length };
  const kind = await fileKind(spec.source, local);
  if (kind.isGzip) {
    throw new UserError(
      `Cannot read ${file.shownPath}: it is packed by gzip, which Spark takes from the name alone: required a name that ends in .gz`,
    );
  }
  if (kind.format === 'parquet') return { data, kind, opened: null };
  const isAll = isWhole || size === LONG_HEAD_BYTES;
  const wholeLines = isWhole ? data.length : data.lastIndexOf(LF) + 1;
  if (wholeLines > 0) await truncate(path, wholeLines);
  try {
    const opened = await openFile(connection, spec, local, temporaryFolder);
    if (isAll || (wholeLines > 0 && opened.columns.length > 0)) return { data, kind, opened };
  } catch (error) {
    if (isAll || !(error instanceof UserError)) throw error;
  }
  return openHead(tools, file, LONG_HEAD_BYTES);
}

const LF = 10;
const CR = 13;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The number of the first line that is not blank; 0 without one. */
function linesToHeader(data: Buffer): number {
  let start = BYTE_ORDER_MARK.every((byte, at) => data[at] === byte) ? BYTE_ORDER_MARK.length : 0;
  for (let line = 1; start < data.length; line++) {
    const end = data.indexOf(LF, start);
    if (end === -1) return line;
    if (end > start + 1 || (end === start + 1 && data[start] !== CR)) return line;
    start = end + 1;
  }
  return 0;
}

/** The first times of a Parquet file as text; none where they have a type of their own. */
async function parquetTimes(
  spark: SparkSession,
  { time, separators }: TableSpec,
  { path }: InputFile,
  types: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const { columns } = time!;
  const { text, instant } = sparkParquet('', types, separators);
  if (columns.length === 1 && instant(columns[0]!, 'UTC')) return [];
  await spark.read('dupn_head', 'parquet', [path], false);
  const rows = await spark.sql(
    `SELECT time FROM (SELECT ${columns.map(text).join(` || ' ' || `)} AS time FROM dupn_head) WHERE time IS NOT NULL LIMIT ${HEAD_RECORDS}`,
  );
  return rows.map(([time]) => String(time));
}
