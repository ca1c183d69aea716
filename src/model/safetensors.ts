/**
 * Variables in a safetensors file (8-byte header length, JSON header, little-endian data): written and read in
 * chunks of rows, so that a table may be larger than any buffer. Python's safetensors reads the files too.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../common/errors.js';
import type { RowPart } from '../engine/row-part.js';

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

type Header = Readonly<Record<string, Entry>>;

/** What is written, wherever it is held: of the `whole`, the rows of a part. */
export interface StoredRows {
  readonly whole: readonly number[];
  readonly part: RowPart;
  /** Of the part. */
  readonly shape: readonly number[];
  chunks(): Iterable<readonly [number, number]>;
  readRows(start: number, end: number): Float32Array | Promise<Float32Array>;
  writeRows(start: number, values: Float32Array): void | Promise<void>;
}

type Variables = ReadonlyMap<string, StoredRows>;

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
/** A header of more than this is no header. */
const MAX_HEADER_BYTES = 100e6;
const CHUNK_BYTES = 2 ** 20;

/** Writes all of them, in the order of the map; returns the size and sha256 of the file. */
export async function writeSafetensors(
  path: string,
  variables: Variables,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const header: Record<string, Entry> = {};
  let offset = 0;
  for (const [name, { shape }] of variables) {
    const end = offset + 4 * sizeOf(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));

  const hash = createHash('sha256');
  const file = await open(path, 'w');
  try {
    const put = async (bytes: Uint8Array) => {
      hash.update(bytes);
      await file.writeFile(bytes);
    };
    await put(length);
    await put(padded);
    for (const variable of variables.values()) {
      for (const [start, end] of variable.chunks()) {
        const rows = await variable.readRows(start, end);
        await put(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes: 8 + padded.length + offset, sha256: hash.digest('hex') };
}

async function readExactly(
  file: FileHandle,
  path: string,
  position: number,
  target: Uint8Array,
): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0)
      throw new UserError(`Cannot read ${path}: the file ends too early, at byte ${position + done}`);
    done += bytesRead;
  }
}

async function readHeader(file: FileHandle, path: string): Promise<{ header: Header; dataStart: number }> {
  const length = Buffer.alloc(8);
  await readExactly(file, path, 0, length);
  const bytes = Number(length.readBigUInt64LE());
  if (bytes > MAX_HEADER_BYTES) throw new UserError(`Cannot read ${path}: it is not a safetensors file`);
  const json = Buffer.alloc(bytes);
  await readExactly(file, path, 8, json);
  try {
    return { header: JSON.parse(json.toString()) as Header, dataStart: 8 + bytes };
  } catch (cause) {
    throw new UserError(`Cannot read ${path}: its header is damaged`, { cause });
  }
}

/** A file that is open for reading. */
export interface SafetensorsFile {
  readonly path: string;
  /** Name -> shape of what it holds. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** The rows [start, end) of a weight that it holds, or every `step`th of them, as numbers in a row. */
  readRows(name: string, start: number, end: number, step?: number): Promise<Float32Array<ArrayBuffer>>;
  /** Of all its bytes, in hexadecimal; another file may stand at its path by now. */
  sha256(): Promise<string>;
  close(): Promise<void>;
}

/** @throws UserError when it is none */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path, 'r').catch((cause) => {
    throw new UserError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  });
  try {
    const { header, dataStart } = await readHeader(file, path);
    const { __metadata__: _, ...entries } = header;
    for (const [name, { dtype, shape }] of Object.entries(entries)) {
      if (dtype === 'F32') continue;
      throw new UserError(`Cannot load \`${name}\` from ${path}: expected F32, got ${dtype} [${shape}]`);
    }
    return {
      path,
      shapes: new Map(Object.entries(entries).map(([name, { shape }]) => [name, shape])),
      async readRows(name, start, end, step = 1) {
        const { shape, data_offsets: offsets } = header[name]!;
        const floatsPerRow = sizeOf(shape.slice(1));
        const readAll = async (start: number, end: number) => {
          const rows = new Float32Array((end - start) * floatsPerRow);
          const position = dataStart + offsets[0] + 4 * start * floatsPerRow;
          await readExactly(file, path, position, new Uint8Array(rows.buffer));
          return rows;
        };
        if (step === 1) return readAll(start, end);
        const picked = new Float32Array(Math.ceil((end - start) / step) * floatsPerRow);
        const block = step * Math.max(1, Math.floor(CHUNK_BYTES / (4 * floatsPerRow * step)));
        for (let at = start, place = 0; at < end; at += block) {
          const rows = await readAll(at, Math.min(end, at + block));
          for (let from = 0; from < rows.length; from += step * floatsPerRow, place += floatsPerRow) {
            picked.set(rows.subarray(from, from + floatsPerRow), place);
          }
        }
        return picked;
      },
      async sha256() {
        const hash = createHash('sha256');
        const chunk = new Uint8Array(CHUNK_BYTES);
        for (let at = 0; ; ) {
          const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
          if (bytesRead === 0) return hash.digest('hex');
          hash.update(chunk.subarray(0, bytesRead));
          at += bytesRead;
        }
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads the file into the variables; a name or a shape that differs on either side is an error that names it. */
export async function readSafetensors(path: string, variables: Variables): Promise<void> {
  const file = await openSafetensors(path);
  try {
    await readVariables(file, variables);
  } finally {
    await file.close();
  }
}

/** The same of a file that is open. */
export async function readVariables(file: SafetensorsFile, variables: Variables): Promise<void> {
  const { path } = file;
  for (const name of file.shapes.keys()) {
    if (!variables.has(name)) throw new UserError(`Cannot load ${path}: the model has no weight \`${name}\``);
  }
  for (const [name, variable] of variables) {
    const shape = file.shapes.get(name);
    if (!shape) throw new UserError(`Cannot load ${path}: it lacks the weight \`${name}\``);
    const { whole, part } = variable;
    if (shape.join() !== whole.join()) {
      throw new UserError(`Cannot load \`${name}\` from ${path}: expected [${whole}], got [${shape}]`);
    }
    for (const [start, end] of variable.chunks()) {
      const last = Math.min(whole[0] ?? 1, rowOf(part, end - 1) + 1);
      const rows = await file.readRows(name, rowOf(part, start), last, part.of);
      if (rows.length > 0) await variable.writeRows(start, rows);
    }
  }
}

/** The row of the whole that a row of a part is. */
const rowOf = ({ index, of }: RowPart, row: number) => index + row * of;
