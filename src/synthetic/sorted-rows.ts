/** Rows of a CSV file that come roughly in order of time, held until no earlier one can come. */
import type { CsvFile } from './csv-file.js';

/** Blocks of rows are passed on in portions of this many, so that a file can wait for the disk. */
const PORTION = 5000;

export class SortedRows {
  readonly #file: CsvFile;
  #times: number[] = [];
  #blocks: string[] = [];
  #counts: number[] = [];

  constructor(file: CsvFile) {
    this.#file = file;
  }

  /** Adds a block of `count` rows of one time, with line ends between them. */
  add(time: number, block: string, count: number): void {
    this.#times.push(time);
    this.#blocks.push(block);
    this.#counts.push(count);
  }

  /** Writes the rows of before `time` in order of time; those of one time in the order in which they were added. */
  async writeBefore(time: number): Promise<void> {
    const [times, blocks, counts] = [this.#times, this.#blocks, this.#counts];
    const order = orderOf(times);
    let end = order.length;
    while (end > 0 && times[order[end - 1]!]! >= time) end--;
    for (let start = 0; start < end; start += PORTION) {
      for (const at of order.subarray(start, Math.min(end, start + PORTION))) {
        this.#file.add(blocks[at]!, counts[at]!);
      }
      await this.#file.drain();
    }
    const left = Array.from(order.subarray(end));
    this.#times = left.map((at) => times[at]!);
    this.#blocks = left.map((at) => blocks[at]!);
    this.#counts = left.map((at) => counts[at]!);
  }
}

/** Indexes in order of time, stable. Sorting numbers that hold both is several times faster than calling a function. */
function orderOf(times: readonly number[]): Uint32Array {
  const size = times.length;
  const first = times.reduce((least, time) => Math.min(least, time), Infinity);
  const keys = new Float64Array(size);
  for (let at = 0; at < size; at++) keys[at] = (times[at]! - first) * size + at;
  keys.sort();
  const order = new Uint32Array(size);
  for (let at = 0; at < size; at++) order[at] = keys[at]! % size;
  return order;
}
