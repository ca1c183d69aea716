/**
 * Intervals by the bootstrap over users (Efron 1979): a user's samples stand and fall together, so whole users are
 * drawn with replacement, and the metric is worked out again with each user weighted by how often it was drawn.
 */
import { createRandom } from '../common/random.js';
import { quantile } from './quantile.js';

export interface Bootstrap {
  /** Resamples; 0 for no intervals. */
  readonly samples: number;
  readonly seed: number;
}

export interface Interval {
  /** 2.5 % and 97.5 % quantiles of the resamples. */
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the resamples. */
  readonly standardError: number;
}

/** Some of the resamples. */
export interface DrawnBlock {
  /** Number of the first of them. */
  readonly first: number;
  readonly width: number;
  /** How often each user was drawn, [users, width]. */
  readonly counts: Uint8Array;
}

/** Resamples that are worked out in one pass over the samples; 64 bytes for each user. */
const BLOCK_WIDTH = 64;

/** Blocks of resamples of the users 0 .. numUsers - 1, the same ones for the same seed; each overwrites the one before. */
export function* drawBlocks(
  numUsers: number,
  { samples, seed }: Bootstrap,
): Generator<DrawnBlock, void, undefined> {
  const random = createRandom(seed, 'bootstrap');
  // One array for all blocks: they are large, and come faster than they would be collected.
  const buffer = new Uint8Array(numUsers * Math.min(BLOCK_WIDTH, samples));
  for (let first = 0; first < samples; first += BLOCK_WIDTH) {
    const width = Math.min(BLOCK_WIDTH, samples - first);
    const counts = buffer.subarray(0, numUsers * width).fill(0);
    for (let at = 0; at < width; at++) {
      for (let draw = 0; draw < numUsers; draw++) counts[random.integer(numUsers) * width + at]!++;
    }
    yield { first, width, counts };
  }
}

/** `values` of a metric in each resample, NaN where it has none; null where that is in more than a tenth of them. */
export function intervalOf(values: Float64Array): Interval | null {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length < 2 || sorted.length < 0.9 * values.length) return null;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sorted.length - 1);
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975), standardError: Math.sqrt(variance) };
}

export interface PairedInterval {
  readonly low: number;
  readonly high: number;
  /** Two-sided, of no difference, in (0, 1]: the resamples' share beyond 0, doubled; never 0, as one more could be there. */
  readonly pValue: number;
}

/** Of differences in each resample, as `intervalOf`. */
export function pairedInterval(differences: Float64Array): PairedInterval | null {
  const interval = intervalOf(differences);
  if (!interval) return null;
  const known = differences.filter((value) => !Number.isNaN(value));
  const atMost = known.filter((value) => value <= 0).length;
  const atLeast = known.filter((value) => value >= 0).length;
  const tail = (1 + Math.min(atMost, atLeast)) / (known.length + 1);
  return { low: interval.low, high: interval.high, pValue: Math.min(1, 2 * tail) };
}
