/** Sums that metrics are ratios of, over all samples, by user and by slice. */
import type { DrawnBlock } from './bootstrap.js';

export class Sums {
  readonly total: Float64Array;
  /** [users, columns]; empty where no resample is asked for. */
  readonly byUser: Float64Array;
  /** [slices, columns] */
  readonly bySlice: Float64Array;

  constructor(
    readonly columns: number,
    users: number,
    slices: number,
  ) {
    this.total = new Float64Array(columns);
    this.byUser = new Float64Array(users * columns);
    this.bySlice = new Float64Array(slices * columns);
  }

  /** A row that belongs to a user. */
  add(user: number, row: Float64Array): void {
    const { total, byUser, columns } = this;
    for (let column = 0; column < columns; column++) total[column]! += row[column]!;
    if (byUser.length === 0) return;
    const start = user * columns;
    for (let column = 0; column < columns; column++) byUser[start + column]! += row[column]!;
  }

  addToSlice(slice: number, row: Float64Array): void {
    const start = slice * this.columns;
    for (let column = 0; column < this.columns; column++) this.bySlice[start + column]! += row[column]!;
  }

  ofSlice(slice: number): Float64Array {
    return this.bySlice.subarray(slice * this.columns, (slice + 1) * this.columns);
  }

  /** The totals in each resample, [width, columns]. */
  resampled({ width, counts }: DrawnBlock): Float64Array {
    const { byUser, columns } = this;
    const totals = new Float64Array(width * columns);
    for (let start = 0, at = 0; start < byUser.length; start += columns) {
      for (let resample = 0; resample < width; resample++, at++) {
        const count = counts[at]!;
        if (count === 0) continue;
        const into = resample * columns;
        for (let column = 0; column < columns; column++) {
          totals[into + column]! += count * byUser[start + column]!;
        }
      }
    }
    return totals;
  }
}
