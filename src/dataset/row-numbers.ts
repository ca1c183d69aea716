/** The numbers of items or of an entity, in memory, and those of the rows that a batch reads. */
import type { RawArray } from './raw-array.js';

export interface RowNumbers {
  /** Numbers of a row. */
  readonly width: number;
  /** Row by row, [rows, width]. */
  readonly values: Float32Array;
}

/** `stored` is null, and `width` 0, where there are none. */
export function loadNumbers(stored: RawArray<'f32'> | null, width: number): RowNumbers {
  return { width, values: stored?.load() ?? new Float32Array(0) };
}

/** The numbers of these rows, [rows.length, width]; a copy. */
export function numbersOf({ width, values }: RowNumbers, rows: Int32Array): Float32Array {
  const numbers = new Float32Array(rows.length * width);
  for (let slot = 0, at = 0; slot < rows.length; slot++) {
    const start = rows[slot]! * width;
    for (let i = 0; i < width; i++, at++) numbers[at] = values[start + i]!;
  }
  return numbers;
}
