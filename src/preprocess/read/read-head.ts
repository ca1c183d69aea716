/** The first rows of a table, read by the very rules by which preprocess reads all of it. */
import { extname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../../common/errors.js';
import type { RowCounts } from '../../common/prepared.js';
import { escapeGlob, quoteLiteral } from '../../common/sql.js';
import { unusedColumns } from './check-columns.js';
import { countRows } from './count-rows.js';
import { fileKind } from './file-format.js';
import type { InputFile } from './input-files.js';
import { loadFile } from './load-file.js';
import { type OpenedFile, openFile } from './open-file.js';
import type { Reject } from './rejects-file.js';
import { createTable, rowRules } from './row-rules.js';
import type { TableSpec } from './table-spec.js';
import { tableTimeFormat } from './table-time.js';
import { cutRecords, takeHead } from './take-head.js';
import { writeRejects } from './write-rejects.js';

/** Of the first file; of each other one, fewer. */
const FIRST_FILE_RECORDS = 20_000;
const OTHER_FILE_RECORDS = 1_000;

export interface TableHead {
  /** Of the rows looked at; those that are filtered or rejected are in the table too, with their `verdict`. */
  readonly counts: RowCounts;
  readonly rejects: readonly Reject[];
  /** Why a file can't be read at all. */
  readonly problems: readonly string[];
  /** Rows of the whole table, about. */
  readonly estimatedRows: number;
  /** All rows were looked at. */
  readonly isWhole: boolean;
  /** Bytes of the unpacked files, about. */
  readonly textBytes: number;
  /** Columns that nothing uses. */
  readonly unused: readonly string[];
  readonly timeFormat: string | undefined;
}

/** Makes the table `table`, named as in SQL; `temporaryFolder` takes copies of the heads. */
export async function readHead(
  connection: DuckDBConnection,
  spec: TableSpec,
  inputs: readonly InputFile[],
  table: string,
  temporaryFolder: string,
): Promise<TableHead> {
  await connection.run(createTable(table, spec));
  const rejects: Reject[] = [];
  const sink = { write: (reject: Reject) => void rejects.push(reject), drain: async () => {}, isWhole: true };
  const problems: string[] = [];
  const malformed: Record<string, number> = {};
  const unused = new Set<string>();
  let timeFormat: string | undefined;
  let firstRow = 0;
  let estimatedRows = 0;
  let textBytes = 0;
  let isWhole = true;
  for (const input of inputs) {
    try {
      const maxRecords = firstRow === 0 ? FIRST_FILE_RECORDS : OTHER_FILE_RECORDS;
      const head = await openHead(connection, spec, input, maxRecords, temporaryFolder);
      for (const column of unusedColumns(spec, head.file.columns)) unused.add(column);
      estimatedRows += head.estimatedRows;
      textBytes += head.textBytes;
      isWhole &&= head.isWhole;
      if (head.file.kind.format === 'csv' && head.file.columns.length === 0) continue;
      if (spec.time) timeFormat ??= await tableTimeFormat(connection, spec, head.file);
      const loaded = await loadFile(connection, table, spec, head.file, timeFormat ?? 'iso', temporaryFolder);
      await writeRejects(connection, table, rowRules(spec), { file: head.file, firstRow, loaded }, sink);
      for (const [reason, count] of Object.entries(loaded.malformed)) {
        malformed[reason] = (malformed[reason] ?? 0) + count;
      }
      firstRow += loaded.rows;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
    }
  }
  const counts = await countRows(connection, table, spec, malformed);
  return {
    counts,
    rejects,
    problems,
    estimatedRows: Math.round(estimatedRows),
    isWhole,
    textBytes,
    unused: [...unused],
    timeFormat,
  };
}

async function openHead(
  connection: DuckDBConnection,
  spec: TableSpec,
  input: InputFile,
  maxRecords: number,
  temporaryFolder: string,
): Promise<{
  readonly file: OpenedFile;
  readonly estimatedRows: number;
  readonly textBytes: number;
  readonly isWhole: boolean;
}> {
  const kind = await fileKind(spec.source, input);
  if (kind.format === 'parquet') {
    const file = await openFile(connection, spec, input, temporaryFolder);
    const counted = await connection.runAndReadAll(
      `SELECT num_rows FROM parquet_file_metadata(${quoteLiteral(escapeGlob(input.path))})`,
    );
    const rows = Number(counted.getRows()[0]![0]);
    const from = `(SELECT * FROM ${file.relation.from} LIMIT ${maxRecords})`;
    return {
      file: { ...file, relation: { ...file.relation, from } },
      estimatedRows: rows,
      textBytes: input.bytes,
      isWhole: rows <= maxRecords,
    };
  }
  // The ending is what the format goes by.
  const path = join(temporaryFolder, `head${extname(input.path.replace(/\.gz$/i, ''))}`);
  const taken = await takeHead(input, kind.isGzip, path);
  const file = await openFile(connection, spec, { ...input, path }, temporaryFolder);
  if (!file.text || file.columns.length === 0) return { file, estimatedRows: 0, ...taken };
  const { isWhole, bytes, records } = await cutRecords(file.text.file, taken.isWhole, maxRecords);
  const estimatedRows = isWhole || bytes === 0 ? records : (records * taken.textBytes) / bytes;
  return { file, estimatedRows, textBytes: taken.textBytes, isWhole };
}
