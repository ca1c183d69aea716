/**
 * Rows of numbers divided among pieces in one pass, in a temporary file with a region for each piece. Looking for the rows of each
 * piece in their table instead reads all of it once for each, which grows with the square of the log.
 */
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

/** Of rows that are not in the file yet, of all pieces together, as far as each has room for one. */
const BUFFER_BYTES = 8 << 20;
const READ_ROWS = 1 << 14;

/**
 * Rows one behind the other: a number of 64 bits, then whole numbers of 32 bits. Row k begins at doubles[k * width / 2], which is the
 * memory of integers[k * width] and the one after it.
 */
export interface Rows {
  readonly doubles: Float64Array;
  readonly integers: Int32Array;
}

export class PieceFile {
  /** What `next` gives places in. */
  readonly buffer: Rows;
  readonly #path: string;
  readonly #file: number;
  readonly #width: number;
  readonly #rowsPerPiece: number;
  /** By piece: its first row in the file, and its rows in the file and in the buffer. */
  readonly #starts: Float64Array;
  readonly #written: Float64Array;
  readonly #buffered: Int32Array;

  /** A file for `sizes` rows of each piece; `width` is that of a row in slots of 32 bits, an even number. */
  constructor(path: string, width: number, sizes: readonly number[]) {
    this.#path = path;
    this.#width = width;
    const room = Math.floor(BUFFER_BYTES / (4 * width * sizes.length));
    this.#rowsPerPiece = Math.max(1, Math.min(room, Math.max(0, ...sizes)));
    this.buffer = allocate(sizes.length * this.#rowsPerPiece, width);
    this.#starts = new Float64Array(sizes.length);
    for (let piece = 1; piece < sizes.length; piece++) {
      this.#starts[piece] = this.#starts[piece - 1]! + sizes[piece - 1]!;
    }
    this.#written = new Float64Array(sizes.length);
    this.#buffered = new Int32Array(sizes.length);
    this.#file = openSync(path, 'w+');
  }

  /** The place of a further row of the piece in `buffer`: to be filled before the next call. */
  next(piece: number): number {
    if (this.#buffered[piece] === this.#rowsPerPiece) this.#flush(piece);
    return piece * this.#rowsPerPiece + this.#buffered[piece]!++;
  }

  /** Shows all rows of a piece, some thousands at a time; valid until the visitor returns. */
  read(piece: number, visit: (rows: Rows, count: number) => void): void {
    this.#flush(piece);
    const block = allocate(READ_ROWS, this.#width);
    const bytes = bytesOf(block);
    const rowBytes = 4 * this.#width;
    const total = this.#written[piece]!;
    for (let row = 0; row < total; row += READ_ROWS) {
      const count = Math.min(READ_ROWS, total - row);
      const position = rowBytes * (this.#starts[piece]! + row);
      const read = readSync(this.#file, bytes, 0, rowBytes * count, position);
      if (read !== rowBytes * count) throw new Error(`${this.#path} ends before its last row`);
      visit(block, count);
    }
  }

  /** Removes the file. */
  close(): void {
    closeSync(this.#file);
    rmSync(this.#path);
  }

  #flush(piece: number): void {
    const count = this.#buffered[piece]!;
    const rowBytes = 4 * this.#width;
    let from = rowBytes * piece * this.#rowsPerPiece;
    let position = rowBytes * (this.#starts[piece]! + this.#written[piece]!);
    for (let left = rowBytes * count; left > 0; ) {
      const bytes = writeSync(this.#file, bytesOf(this.buffer), from, left, position);
      [from, position, left] = [from + bytes, position + bytes, left - bytes];
    }
    this.#written[piece]! += count;
    this.#buffered[piece] = 0;
  }
}

function allocate(rows: number, width: number): Rows {
  const memory = new ArrayBuffer(4 * rows * width);
  return { doubles: new Float64Array(memory), integers: new Int32Array(memory) };
}

const bytesOf = ({ integers }: Rows) => new Uint8Array(integers.buffer);
