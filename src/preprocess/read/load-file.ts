/** The rows of one opened file into the table: every well-formed record, in order, and nothing else. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { whileRunning } from '../../common/database.js';
import { writeCleanCopy } from './clean-copy.js';
import { countLines } from './count-lines.js';
import type { Problem } from './find-record.js';
import type { OpenedFile } from './open-file.js';
import { readingParquet } from './reading-parquet.js';
import { insertRows } from './row-rules.js';
import { type ScanSummary, scanFile, type TextFile } from './scan-file.js';
import type { TableSpec } from './table-spec.js';

export interface Loaded {
  /** Rows of the table that come from this file, those of blank lines included. */
  readonly rows: number;
  /** Records that are malformed, and so are not in the table, by reason. */
  readonly malformed: Readonly<Record<string, number>>;
  /** Records that go over several lines. */
  readonly multiLine: number;
}

/**
 * DuckDB keeps each malformed record that it meets, in memory that its limit doesn't count, and takes long over it: a file with
 * more of them is given to it without.
 */
const MOST_MALFORMED = 200_000;

/** Problems that DuckDB finds just as we do, and that leave the lines after them alone. */
const HARMLESS: readonly string[] = ['wrong number of fields', 'bad UTF-8'] satisfies readonly Problem[];

/**
 * DuckDB reads a text while we count its records on our own. Where the two don't agree, and where they might agree
 * by accident, DuckDB gets a copy of the well-formed records instead.
 */
export async function loadFile(
  connection: DuckDBConnection,
  table: string,
  spec: TableSpec,
  file: OpenedFile,
  timeFormat: string,
  temporaryFolder: string,
  onProgress: (share: number) => void = () => {},
): Promise<Loaded> {
  const { shownPath } = file.input;
  if (!file.text) {
    const show = (share: number | null) => share !== null && onProgress(share);
    const rows = await whileRunning(connection, show, () =>
      readingParquet(file.input, () =>
        insert(connection, insertRows(table, spec, file.relation, timeFormat, shownPath)),
      ),
    );
    return { rows, malformed: {}, multiLine: 0 };
  }
  const { size } = await stat(file.text.file.path);
  await connection.run('BEGIN');
  const inserting = insert(connection, insertRows(table, spec, file.relation, timeFormat, shownPath));
  const show = (bytes: number) => onProgress(bytes / Math.max(1, size));
  const stop = () => connection.interrupt();
  const [inserted, scanned] = await Promise.allSettled([
    inserting,
    scanBeside(inserting, file.text.file, show, stop),
  ]);
  const isExpected = /^Invalid Input Error|^INTERRUPT Error/;
  if (inserted.status === 'rejected' && !isExpected.test(String(inserted.reason?.message))) {
    await connection.run('ROLLBACK');
    throw inserted.reason;
  }
  if (scanned.status === 'rejected') {
    await connection.run('ROLLBACK');
    throw scanned.reason;
  }
  const { records, problems, multiLine } = scanned.value;
  const malformed = Object.fromEntries(
    Object.entries(problems).map(([problem, count]) => [reasonOf(file, problem as Problem), count]),
  );
  if (inserted.status === 'fulfilled' && inserted.value === records && isSimple(scanned.value)) {
    await connection.run('COMMIT');
    return { rows: records, malformed, multiLine };
  }
  await connection.run('ROLLBACK');
  const copy = join(temporaryFolder, 'copy.txt');
  await writeCleanCopy(file.text.file, file.kind, copy);
  const relation = file.text.copyRelation(copy);
  const rows = await insert(connection, insertRows(table, spec, relation, timeFormat, shownPath));
  if (rows !== records) {
    throw new Error(`DuckDB read ${rows} of the ${records} records of ${file.input.path}`);
  }
  return { rows, malformed, multiLine };
}

/** Where each line is a record, and DuckDB has as many rows, there is nothing to find; all others are scanned. */
async function scanBeside(
  inserting: Promise<number>,
  file: TextFile,
  onChunk: (bytesDone: number) => void,
  stopInserting: () => void,
): Promise<ScanSummary> {
  const lines = await countLines(file, onChunk);
  if (lines !== null && lines === (await inserting.catch(() => null))) {
    return { records: lines, blankLines: 0, problems: {}, multiLine: 0, isPlain: true };
  }
  let malformed = 0;
  return scanFile(file, {
    problem() {
      if (++malformed === MOST_MALFORMED) stopInserting();
    },
    chunk: onChunk,
  });
}

async function insert(connection: DuckDBConnection, sql: string): Promise<number> {
  return (await connection.run(sql)).rowsChanged;
}

function isSimple({ isPlain, problems }: ScanSummary): boolean {
  return isPlain && Object.keys(problems).every((problem) => HARMLESS.includes(problem));
}

/** A line of JSON is one field: more of them come of a control character, which JSON has none of. */
export function reasonOf(file: OpenedFile, problem: Problem): string {
  return file.kind.format === 'jsonl' && problem === 'wrong number of fields' ? 'malformed JSON' : problem;
}
