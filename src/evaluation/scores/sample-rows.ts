/** Scored samples as columns: what is sorted, and what metrics read in the order of the scores. */

/** The first `length` rows of each column are in use. */
export interface SampleRows {
  readonly length: number;
  readonly scores: Float32Array;
  /** 1 for a positive sample, 0 for a negative one. */
  readonly positives: Uint8Array;
  readonly weights: Float32Array;
  /** Number of the user, from 0. */
  readonly users: Int32Array;
  /** Values of the sample in the columns of slices, row by row, [rows, columns]. */
  readonly codes: Uint8Array;
}

/** Bytes of a row. */
export const rowBytes = (columns: number): number => 13 + columns;

/** Columns of `rows` rows, one after the other in `buffer`, whose size is `rows * rowBytes(columns)`. */
export function rowsIn(buffer: ArrayBuffer, rows: number, columns: number): SampleRows {
  return {
    length: rows,
    scores: new Float32Array(buffer, 0, rows),
    weights: new Float32Array(buffer, 4 * rows, rows),
    users: new Int32Array(buffer, 8 * rows, rows),
    positives: new Uint8Array(buffer, 12 * rows, rows),
    codes: new Uint8Array(buffer, 13 * rows, rows * columns),
  };
}

export const newRows = (rows: number, columns: number): SampleRows =>
  rowsIn(new ArrayBuffer(rows * rowBytes(columns)), rows, columns);

/** One row, with the values in `columns` columns. */
export function copyRow(from: SampleRows, row: number, to: SampleRows, at: number, columns: number): void {
  to.scores[at] = from.scores[row]!;
  to.weights[at] = from.weights[row]!;
  to.users[at] = from.users[row]!;
  to.positives[at] = from.positives[row]!;
  for (let column = 0; column < columns; column++) {
    to.codes[at * columns + column] = from.codes[row * columns + column]!;
  }
}
