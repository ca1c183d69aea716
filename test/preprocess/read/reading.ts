/** Reads tables for the tests: files in a folder of their own, the result as plain values. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import { afterEach } from 'vitest';
import { silentContext } from '../../../src/common/context.js';
import type { RowCounts } from '../../../src/common/prepared.js';
import { ingest } from '../../../src/preprocess/read/ingest.js';
import { tableColumns } from '../../../src/preprocess/read/row-rules.js';
import type { TableSource, TableSpec } from '../../../src/preprocess/read/table-spec.js';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

export async function makeFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-read-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** A spec of text columns, unless more is said. */
export function specOf(
  source: Partial<TableSource> & Pick<TableSource, 'files'>,
  rest: Partial<TableSpec> = {},
): TableSpec {
  return {
    name: 'log',
    source: { format: 'auto', quote: '"', ...source },
    text: [],
    numbers: [],
    separators: {},
    required: [],
    ...rest,
  };
}

export interface ReadTable {
  /** Values of the spec's text, its numbers and, in microseconds, its time. */
  readonly rows: readonly (readonly unknown[])[];
  readonly counts: RowCounts;
  readonly rejects: readonly {
    readonly file: string;
    readonly line: number;
    readonly byteOffset: number | null;
    readonly column: string;
    readonly reason: string;
    readonly text: string;
  }[];
  readonly timeFormat: string | undefined;
}

/** `by` is who reads: another engine than DuckDB. */
export async function read(
  folder: string,
  spec: TableSpec,
  { threads = 2, maxRejectRatio = 1, logged = [] as string[], by = ingest } = {},
): Promise<ReadTable> {
  const connection = await connect(threads);
  const log = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const table = `"a ""table""; of; the test"`;
  await connection.run(`DROP TABLE IF EXISTS ${table}`);
  const rejectsFile = join(folder, '.rejects', 'rejects.csv');
  await rm(dirname(rejectsFile), { recursive: true, force: true });
  const { rows: counts, timeFormat } = await by(connection, spec, {
    root: folder,
    tableName: 'a "table"; of; the test',
    rejectsFile,
    temporaryFolder: folder,
    maxRejectRatio,
    context: { ...silentContext, logger: { debug: log, info: log, warn: log, error: log } },
  });
  const result = await connection.runAndReadAll(
    `SELECT ${tableColumns(spec).join(', ')} FROM ${table} ORDER BY rowid`,
  );
  return { rows: result.getRows(), counts, rejects: await readRejects(rejectsFile), timeFormat };
}

const connections = new Map<number, Promise<DuckDBConnection>>();

/** One database for each number of threads: making one takes longer than a test. */
function connect(threads: number): Promise<DuckDBConnection> {
  const open = async () => (await DuckDBInstance.create(':memory:', { threads: `${threads}` })).connect();
  const connection = connections.get(threads) ?? open();
  connections.set(threads, connection);
  return connection;
}

async function readRejects(path: string): Promise<ReadTable['rejects']> {
  if (!existsSync(path)) return [];
  const [header, ...records] = parse(await readFile(path)) as string[][];
  if (header!.join() !== 'file,line,byte_offset,column,reason,text') throw new Error(`header: ${header}`);
  return records.map(([file, line, byteOffset, column, reason, text]) => ({
    file: file!,
    line: Number(line),
    byteOffset: byteOffset === '' ? null : Number(byteOffset),
    column: column!,
    reason: reason!,
    text: text!,
  }));
}
