/** Rows in a temporary file, in blocks of one size: written once from the start, read as often as needed. It is open only while it is in use. */
import { closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeWhole } from '../../common/files.js';
import { copyRow, newRows, rowBytes, rowsIn, type SampleRows } from './sample-rows.js';

export class RowFile {
  /** Null once all rows are written. */
  #file: number | null;
  #block: SampleRows;
  #held = 0;
  #rows = 0;

  /** Makes the file, and its folder where it is missing. */
  constructor(
    readonly path: string,
    readonly columns: number,
    readonly blockRows: number,
  ) {
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, 'w');
    this.#block = newRows(blockRows, columns);
  }

  /** The row of `from`. */
  add(from: SampleRows, row: number): void {
    copyRow(from, row, this.#block, this.#held++, this.columns);
    this.#rows++;
    if (this.#held === this.blockRows) this.#write();
  }

  /** After the last row. */
  finish(): void {
    if (this.#held > 0) this.#write();
    this.#block = newRows(0, this.columns);
    this.#close();
  }

  #write(): void {
    const bytes = new Uint8Array(this.#heldRows().scores.buffer);
    writeWhole(this.#file!, bytes);
    this.#held = 0;
  }

  /** Without what the last block has room for. */
  #heldRows(): SampleRows {
    if (this.#held === this.blockRows) return this.#block;
    const last = newRows(this.#held, this.columns);
    for (let row = 0; row < this.#held; row++) copyRow(this.#block, row, last, row, this.columns);
    return last;
  }

  /** Block after block; what was yielded is overwritten by the next. */
  *blocks(): Generator<SampleRows> {
    const buffer = new ArrayBuffer(this.blockRows * rowBytes(this.columns));
    const whole = rowsIn(buffer, this.blockRows, this.columns);
    const file = openSync(this.path, 'r');
    try {
      for (let start = 0; start < this.#rows; start += this.blockRows) {
        const length = Math.min(this.blockRows, this.#rows - start);
        const bytes = new Uint8Array(buffer, 0, length * rowBytes(this.columns));
        const from = start * rowBytes(this.columns);
        for (let done = 0; done < bytes.length; ) {
          const read = readSync(file, bytes, done, bytes.length - done, from + done);
          if (read === 0) throw new Error(`${this.path} ends early`);
          done += read;
        }
        yield length === this.blockRows ? whole : rowsIn(buffer, length, this.columns);
      }
    } finally {
      closeSync(file);
    }
  }

  #close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  /** Removes the file, whether it is whole or not. */
  remove(): void {
    this.#close();
    rmSync(this.path, { force: true });
  }
}
