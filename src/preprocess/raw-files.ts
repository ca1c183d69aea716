/** Columns of a query as raw little-endian files: streamed chunk by chunk, so memory does not grow with the rows. */
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { copyToParquet } from '../common/database.js';
import type { ElementType } from '../common/prepared.js';

/** SQL types whose vectors are the bytes of the file. */
const SQL_TYPES: Readonly<Record<ElementType, string>> = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  i32: 'INTEGER',
  u32: 'UINTEGER',
  f32: 'FLOAT',
};

/** What the binding gives of a column: its memory. */
interface Vector {
  readonly items: Uint8Array;
}

const BUFFER_BYTES = 1 << 20;

export interface RawColumn {
  /** Path inside the folder; its ending is the element type. */
  readonly path: string;
  /** SQL expression, or several whose values stand side by side in a row of the file; may not be NULL. */
  readonly sql: string | readonly string[];
}

function elementType(path: string): ElementType {
  const type = path.slice(path.lastIndexOf('.') + 1);
  if (!(type in SQL_TYPES)) throw new Error(`${path} does not end in an element type`);
  return type as ElementType;
}

/** A file that is written from its start; gathers small writes into large ones. */
class BufferedFile {
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  #used = 0;

  constructor(private readonly file: FileHandle) {}

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#used + bytes.length > BUFFER_BYTES) await this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      await this.file.writeFile(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  async #flush(): Promise<void> {
    await this.file.writeFile(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.file.close();
    }
  }
}

export type RawFile = BufferedFile;

/** Its folder is made. */
export async function openRawFile(path: string): Promise<RawFile> {
  await mkdir(dirname(path), { recursive: true });
  return new BufferedFile(await open(path, 'w'));
}

/** Writes `columns` of the rows of `from` (a FROM clause with its ORDER BY) and returns the number of rows. */
export async function writeRawFiles(
  connection: DuckDBConnection,
  folder: string,
  columns: readonly RawColumn[],
  from: string,
): Promise<number> {
  const expressions = columns.map(({ sql }) => [sql].flat());
  const selected = columns.flatMap(({ path }, at) =>
    expressions[at]!.map((sql) => `CAST(${sql} AS ${SQL_TYPES[elementType(path)]})`),
  );
  const result = await connection.stream(`SELECT ${selected.join(', ')} ${from}`);
  const files: BufferedFile[] = [];
  let rows = 0;
  try {
    for (const { path } of columns) files.push(await openRawFile(join(folder, path)));
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      rows += chunk.rowCount;
      let first = 0;
      for (const [at, file] of files.entries()) {
        const vectors = expressions[at]!.map((_, i) => {
          const { items } = chunk.getColumnVector(first + i) as unknown as Vector;
          return new Uint8Array(items.buffer, items.byteOffset, items.byteLength);
        });
        first += vectors.length;
        await file.write(vectors.length === 1 ? vectors[0]! : sideBySide(vectors, chunk.rowCount));
      }
    }
  } finally {
    for (const file of files) await file.close();
  }
  return rows;
}

/** Row by row the element of each column. */
function sideBySide(columns: readonly Uint8Array[], rows: number): Uint8Array {
  const size = columns[0]!.length / rows;
  const all = new Uint8Array(columns.length * size * rows);
  for (const [at, bytes] of columns.entries()) {
    for (let row = 0; row < rows; row++) {
      all.set(bytes.subarray(row * size, (row + 1) * size), (row * columns.length + at) * size);
    }
  }
  return all;
}

/** Writes an array of offsets that was worked out in memory. */
export async function writeRawArray(folder: string, path: string, values: Int32Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  const file = await open(join(folder, path), 'w');
  try {
    await file.writeFile(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  } finally {
    await file.close();
  }
}

/** Writes the rows of a query, in its order, to a Parquet file; its folder is made. */
export async function writeParquet(
  connection: DuckDBConnection,
  folder: string,
  path: string,
  sql: string,
): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await copyToParquet(connection, sql, join(folder, path));
}

/** offsets[i] = number of rows of owners before i, from the counts of the owners that have any. */
export async function writeOffsets(
  connection: DuckDBConnection,
  folder: string,
  path: string,
  owners: number,
  counts: string,
): Promise<void> {
  const offsets = new Int32Array(owners + 1);
  const result = await connection.stream(counts);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    for (const [owner, count] of chunk.getRows() as [number, number | bigint][]) {
      offsets[owner + 1] = Number(count);
    }
  }
  let total = 0;
  for (let owner = 1; owner <= owners; owner++) {
    total += offsets[owner]!;
    if (total > 2 ** 31 - 1) throw new RangeError(`${path} would hold more than 2^31 rows`);
    offsets[owner] = total;
  }
  await writeRawArray(folder, path, offsets);
}
