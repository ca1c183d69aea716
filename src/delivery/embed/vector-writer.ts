/** Vectors with the ids that they are of: Parquet, or NumPy's .npy with the ids in a CSV beside it. */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ARRAY, arrayValue, DuckDBDataChunk, FLOAT, VARCHAR } from '@duckdb/node-api';
import { copyToParquet, openDatabase } from '../../common/database.js';
import { openWorkshop, type Workshop } from '../../common/files.js';

export interface VectorWriter {
  /** `vectors` row by row, [ids, units]. */
  add(ids: readonly string[], vectors: Float32Array): Promise<void>;
  /** After the last one. */
  close(): Promise<void>;
  /** Leaves nothing behind. */
  abandon(): Promise<void>;
}

export type VectorFormat = 'parquet' | 'npy';

/** The file of the ids beside an array. */
export const idsFile = (path: string): string => path.replace(/\.npy$/i, '.ids.csv');

/** `name` is that of the column of the ids. A file appears whole or not at all. */
export async function vectorWriter(
  path: string,
  format: VectorFormat,
  { name, units }: { readonly name: string; readonly units: number },
): Promise<VectorWriter> {
  const workshop = await openWorkshop(path);
  return format === 'npy'
    ? npyWriter(path, workshop, name, units)
    : parquetWriter(path, workshop, name, units);
}

/** Rows of one of DuckDB's chunks. */
const CHUNK = 2048;

async function parquetWriter(
  path: string,
  workshop: Workshop,
  name: string,
  units: number,
): Promise<VectorWriter> {
  // Beyond the limit, the table is on disk.
  const { connection, close } = await openDatabase(workshop.folder, { memoryLimit: '500MB' });
  const type = ARRAY(FLOAT, units);
  await connection.run(`CREATE TABLE vectors (${name} VARCHAR, vector FLOAT[${units}])`);
  return {
    async add(ids, vectors) {
      const appender = await connection.createAppender('vectors');
      for (let start = 0; start < ids.length; start += CHUNK) {
        const part = ids.slice(start, start + CHUNK);
        const chunk = DuckDBDataChunk.create([VARCHAR, type]);
        chunk.setColumns([
          part,
          part.map((_, row) =>
            arrayValue([...vectors.subarray((start + row) * units, (start + row + 1) * units)]),
          ),
        ]);
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
    },
    async close() {
      const whole = 'vectors.parquet';
      await copyToParquet(connection, 'SELECT * FROM vectors', join(workshop.folder, whole));
      close();
      await workshop.putInPlace(whole, path);
      await workshop.remove();
    },
    async abandon() {
      close();
      await workshop.remove();
    },
  };
}

/** Of a header of version 1.0, a multiple of 64. */
const HEADER_BYTES = 128;

/** `\x93NUMPY`, version, length of what follows, a Python dictionary: numpy.lib.format. */
function npyHeader(rows: number, units: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(HEADER_BYTES - 10, 8);
  header.write(`{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${units}), }`, 10, 'latin1');
  header.write('\n', HEADER_BYTES - 1, 'latin1');
  return header;
}

async function npyWriter(
  path: string,
  workshop: Workshop,
  name: string,
  units: number,
): Promise<VectorWriter> {
  const [array, list] = ['vectors.npy', 'ids.csv'];
  const file = await open(join(workshop.folder, array), 'w');
  await file.write(npyHeader(0, units));
  const ids = await open(join(workshop.folder, list), 'w');
  await ids.writeFile(`${name}\n`);
  let rows = 0;
  return {
    async add(part, vectors) {
      const text = part.map((id) => (/[",\r\n]/.test(id) ? `"${id.replaceAll('"', '""')}"` : id)).join('\n');
      if (part.length > 0) await ids.writeFile(`${text}\n`);
      await file.writeFile(new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
      rows += part.length;
    },
    async close() {
      await file.write(npyHeader(rows, units), 0, HEADER_BYTES, 0);
      await file.close();
      await ids.close();
      // An array never stands beside the ids of another.
      await rm(path, { force: true });
      await workshop.putInPlace(list, idsFile(path));
      await workshop.putInPlace(array, path);
      await workshop.remove();
    },
    async abandon() {
      await file.close();
      await ids.close();
      await workshop.remove();
    },
  };
}
