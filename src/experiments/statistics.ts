/** What several seeds say of a number: its mean and spread, and the interval of a mean of differences. */
import { studentQuantile } from './student-t.js';

export interface Spread {
  readonly seeds: number;
  readonly mean: number;
  /** Standard deviation with n - 1 below the line; null of one seed. */
  readonly deviation: number | null;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Of one value or more. */
export function spreadOf(values: readonly number[]): Spread {
  const seeds = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / seeds;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { seeds, mean, deviation: seeds > 1 ? Math.sqrt(squares / (seeds - 1)) : null };
}

/** mean +- t(0.975, n - 1) deviation / sqrt(n); null of one seed. */
export function meanInterval({ seeds, mean, deviation }: Spread): Interval | null {
  if (deviation === null) return null;
  const half = (studentQuantile(0.975, seeds - 1) * deviation) / Math.sqrt(seeds);
  return { low: mean - half, high: mean + half };
}
