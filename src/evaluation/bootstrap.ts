/**
 * Intervals by the bootstrap over users (Efron 1979): a user's samples stand and fall together, so whole users are
 * drawn with replacement, and the metric is worked out again with each user weighted by how often it was drawn.
 */
import { createRandom } from '../common/random.js';

/** The metric when user u counts `counts[u]` times; null where it has no value. */
export type Resampled = (counts: Int32Array) => number | null;

export interface Interval {
  /** 2.5 % and 97.5 % quantiles of the resamples. */
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the resamples. */
  readonly standardError: number;
}

/**
 * One interval per metric, all from the same resamples of the users 0 .. numUsers - 1; null where a metric had no
 * value in more than a tenth of them.
 */
export function bootstrapIntervals(
  metrics: Readonly<Record<string, Resampled>>,
  numUsers: number,
  { samples, seed }: { readonly samples: number; readonly seed: number },
): Record<string, Interval | null> {
  const random = createRandom(seed, 'bootstrap');
  const values = new Map<string, number[]>(Object.keys(metrics).map((name) => [name, []]));
  const counts = new Int32Array(numUsers);
  for (let sample = 0; sample < samples; sample++) {
    counts.fill(0);
    for (let draw = 0; draw < numUsers; draw++) counts[random.integer(numUsers)]!++;
    for (const [name, metric] of Object.entries(metrics)) {
      const value = metric(counts);
      if (value !== null) values.get(name)!.push(value);
    }
  }
  return Object.fromEntries(
    [...values].map(([name, drawn]) => [name, drawn.length >= 0.9 * samples ? intervalOf(drawn) : null]),
  );
}

function intervalOf(drawn: readonly number[]): Interval | null {
  if (drawn.length < 2) return null;
  const sorted = Float64Array.from(drawn).sort();
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sorted.length - 1);
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975), standardError: Math.sqrt(variance) };
}

/** Linear between the neighbours, as numpy's default. */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
