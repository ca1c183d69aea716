/** What is counted of each slice beside its sums: samples by label, and users. */
import type { Sums } from '../sums.js';
import { type SliceCodes, sliceStarts } from './slices.js';

export class SliceCounts {
  /** First slice of each column, and the number of all slices. */
  readonly starts: readonly number[];
  readonly columns: number;
  /** [slices, classes] */
  readonly #labels: Float64Array;
  /** A bit for each slice and user. */
  readonly #met: Uint8Array;
  readonly #users: Float64Array;

  constructor(
    private readonly codes: SliceCodes | null,
    private readonly classes: number,
    private readonly numUsers: number,
  ) {
    this.starts = codes ? sliceStarts(codes) : [0];
    this.columns = this.starts.length - 1;
    this.#labels = new Float64Array(this.slices * classes);
    this.#met = new Uint8Array(Math.ceil((this.slices * numUsers) / 8));
    this.#users = new Float64Array(this.slices);
  }

  get slices(): number {
    return this.starts.at(-1)!;
  }

  /** Of consecutive samples, [samples, columns]; empty without slices. */
  read(first: number, last: number): Uint8Array {
    return this.codes?.read(first, last) ?? new Uint8Array(0);
  }

  /** A sample in each of its slices, whose codes are those of row `at`, and what it adds to their sums. */
  add(codes: Uint8Array, at: number, label: number, user: number, sums: Sums, row: Float64Array): void {
    for (let column = 0; column < this.columns; column++) {
      const slice = this.starts[column]! + codes[at * this.columns + column]!;
      sums.addToSlice(slice, row);
      this.#count(slice, label, user);
    }
  }

  #count(slice: number, label: number, user: number): void {
    this.#labels[slice * this.classes + label]!++;
    const bit = slice * this.numUsers + user;
    const mask = 1 << (bit & 7);
    const byte = Math.floor(bit / 8);
    if (this.#met[byte]! & mask) return;
    this.#met[byte]! |= mask;
    this.#users[slice]!++;
  }

  labels(slice: number): number[] {
    return [...this.#labels.subarray(slice * this.classes, (slice + 1) * this.classes)];
  }

  users(slice: number): number {
    return this.#users[slice]!;
  }
}
