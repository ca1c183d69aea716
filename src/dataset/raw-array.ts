/**
 * A raw little-endian array file, read-only. Small files are loaded whole at their first use; larger ones are
 * read by position, because Node has no mmap and its buffers end at 4 GiB.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../common/errors.js';
import type { ElementType } from '../common/prepared.js';

const ARRAYS = {
  u8: Uint8Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
} as const;

/** The typed array of an element type. */
export type ArrayOf<E extends ElementType> = InstanceType<(typeof ARRAYS)[E]>;

/** Files of at most this many bytes are loaded whole (64 MiB). */
export const LOAD_BELOW_BYTES = 64 * 2 ** 20;

/** One read call takes at most 2 GiB - 1 bytes. */
const READ_BYTES = 2 ** 30;

export interface RawArrayOptions {
  /** Size that the file must have; by default whatever it has. */
  readonly bytes?: number;
  /** Checksum that it must have, which is looked at where it is loaded whole. */
  readonly sha256?: string;
  readonly loadBelowBytes?: number;
}

export class RawArray<E extends ElementType> {
  /** Number of elements. */
  readonly length: number;
  readonly #type: E;
  readonly #loadBelowBytes: number;
  readonly #sha256: string | undefined;
  #file: number | null;
  #loaded: ArrayOf<E> | null = null;

  /** @throws UserError when the file is missing or has another size than `options.bytes`. */
  constructor(
    readonly path: string,
    type: E,
    options: RawArrayOptions = {},
  ) {
    this.#type = type;
    this.#loadBelowBytes = options.loadBelowBytes ?? LOAD_BELOW_BYTES;
    this.#sha256 = options.sha256;
    this.#file = openFile(path);
    const bytes = fstatSync(this.#file).size;
    const expected = options.bytes ?? bytes - (bytes % ARRAYS[type].BYTES_PER_ELEMENT);
    if (bytes !== expected) {
      this.close();
      throw damaged(path, `${expected} bytes`, `${bytes} bytes`);
    }
    this.length = bytes / ARRAYS[type].BYTES_PER_ELEMENT;
  }

  /** Element `index`. */
  at(index: number): number {
    return this.read(index, index + 1)[0]!;
  }

  /** Elements [start, end); may be a view of shared memory, so it must not be written to. */
  read(start: number, end: number): ArrayOf<E> {
    if (!(start >= 0 && start <= end && end <= this.length)) {
      throw damaged(this.path, `elements ${start} to ${end}`, `${this.length} elements`);
    }
    const width = ARRAYS[this.#type].BYTES_PER_ELEMENT;
    if (this.#loaded || this.length * width <= this.#loadBelowBytes) {
      return this.load().subarray(start, end) as ArrayOf<E>;
    }
    return this.#readAt(start, end);
  }

  /**
   * The whole array, loaded whatever its size: for what is read at random. It must not be written to.
   * @throws UserError when its checksum is another than `options.sha256`
   */
  load(): ArrayOf<E> {
    if (!this.#loaded) {
      const loaded = this.#readAt(0, this.length);
      this.#check(loaded);
      this.#loaded = loaded;
      this.#closeFile();
    }
    return this.#loaded;
  }

  #check({ buffer }: ArrayOf<E>): void {
    if (this.#sha256 === undefined) return;
    const hash = createHash('sha256');
    for (let at = 0; at < buffer.byteLength; at += READ_BYTES) {
      hash.update(new Uint8Array(buffer, at, Math.min(READ_BYTES, buffer.byteLength - at)));
    }
    const got = hash.digest('hex');
    if (got !== this.#sha256) throw damaged(this.path, `sha256 ${this.#sha256}`, got);
  }

  close(): void {
    this.#closeFile();
    this.#loaded = null;
  }

  #closeFile(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #readAt(start: number, end: number): ArrayOf<E> {
    if (this.#file === null) throw new Error(`${this.path} is closed`);
    const width = ARRAYS[this.#type].BYTES_PER_ELEMENT;
    const buffer = new ArrayBuffer((end - start) * width);
    for (let done = 0; done < buffer.byteLength; ) {
      const view = new Uint8Array(buffer, done, Math.min(READ_BYTES, buffer.byteLength - done));
      const count = readSync(this.#file, view, 0, view.byteLength, start * width + done);
      if (count === 0) throw damaged(this.path, `${this.length * width} bytes`, 'an earlier end');
      done += count;
    }
    return new ARRAYS[this.#type](buffer) as ArrayOf<E>;
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new UserError(`Cannot read ${path}: a file of the prepared data, got none; run dupn preprocess`, {
      cause,
    });
  }
}

/** The error of a file that is not what the manifest, or another file, says. */
function damaged(path: string, required: string, got: string): UserError {
  return new UserError(
    `Cannot read ${path}: ${required}, got ${got}; the file is damaged, run dupn preprocess again`,
  );
}
