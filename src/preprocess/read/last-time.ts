/** The latest time in the last rows of a text file, which most logs end with. */
import { open, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { fileKind } from './file-format.js';
import type { InputFile } from './input-files.js';
import { loadFile } from './load-file.js';
import { openFile } from './open-file.js';
import { createTable } from './row-rules.js';
import type { TableSpec } from './table-spec.js';

const TAIL_BYTES = 1 << 18;
const LF = 10;

/**
 * Microseconds since 1970, of the rows that are kept; null where there are none, and for files that only reading all of them
 * gets to the end of. `temporaryFolder` takes a copy of the rows.
 */
export async function lastTimeUs(
  connection: DuckDBConnection,
  spec: TableSpec,
  input: InputFile,
  timeFormat: string,
  temporaryFolder: string,
): Promise<bigint | null> {
  const kind = await fileKind(spec.source, input);
  if (kind.format === 'parquet' || kind.isGzip) return null;
  const path = join(temporaryFolder, `tail${extname(input.path)}`);
  const hasHeader = kind.format === 'csv' && spec.source.columns === undefined;
  await writeFile(path, Buffer.concat(await endsOf(input, hasHeader)));
  const file = await openFile(connection, spec, { ...input, path }, temporaryFolder);
  if (file.columns.length === 0) return null;
  await connection.run(createTable('tail', spec));
  try {
    await loadFile(connection, 'tail', spec, file, timeFormat, temporaryFolder);
    const latest = await connection.runAndReadAll('SELECT max(time_us) FROM tail WHERE verdict = 0');
    return latest.getRows()[0]![0] as bigint | null;
  } finally {
    await connection.run('DROP TABLE tail');
  }
}

/** The first line, where it is asked for, and the last ones that are whole. */
async function endsOf({ path, bytes }: InputFile, hasHeader: boolean): Promise<Uint8Array[]> {
  const file = await open(path);
  try {
    const part = async (start: number) => {
      const buffer = Buffer.alloc(Math.min(TAIL_BYTES, bytes));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
      return buffer.subarray(0, bytesRead);
    };
    const tail = await part(Math.max(0, bytes - TAIL_BYTES));
    const head = hasHeader ? await part(0) : Buffer.alloc(0);
    return [head.subarray(0, head.indexOf(LF) + 1), tail.subarray(tail.indexOf(LF) + 1)];
  } finally {
    await file.close();
  }
}
