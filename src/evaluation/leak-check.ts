/**
 * Does a history hold its own label? Only events strictly before a request are read, but where the time of the samples is
 * later than that of what came of them (written when the page was left, say), the click itself is the latest event.
 */
import type { Chunk } from './measured-samples.js';

export interface LeakCheck {
  /** Share of the positive samples whose candidate is that of the latest event before the request. */
  readonly positives: number;
  /** The same of the negative samples. */
  readonly negatives: number;
  /** Median time between that event and the request, of these positive samples. */
  readonly secondsBefore: number;
  readonly suspected: boolean;
}

/** Half of the positives, and ten times the share of the negatives, is no habit. */
const SUSPECTED = { positives: 0.5, times: 10 };

/** Ages that are kept, for the median. */
const KEPT_AGES = 100_000;

export class LeakCounter {
  readonly #samples = [0, 0];
  readonly #latest = [0, 0];
  readonly #ages: number[] = [];

  /** `isLatest` [samples] is 1 where the candidate is that of the latest event, `ages` [samples] are seconds since that event. */
  add({ label }: Pick<Chunk, 'label'>, isLatest: Uint8Array, ages: Float64Array): void {
    for (let at = 0; at < label.length; at++) {
      const positive = label[at]! > 0 ? 1 : 0;
      this.#samples[positive]!++;
      if (isLatest[at] === 0) continue;
      this.#latest[positive]!++;
      if (positive && this.#ages.length < KEPT_AGES) this.#ages.push(ages[at]!);
    }
  }

  /** Null without samples of both labels. */
  result(): LeakCheck | null {
    const [numNegatives, numPositives] = this.#samples as [number, number];
    if (numNegatives === 0 || numPositives === 0) return null;
    const positives = this.#latest[1]! / numPositives;
    const negatives = this.#latest[0]! / numNegatives;
    const ages = Float64Array.from(this.#ages).sort();
    return {
      positives,
      negatives,
      secondsBefore: ages[Math.floor(ages.length / 2)] ?? 0,
      suspected: positives >= SUSPECTED.positives && positives >= SUSPECTED.times * negatives,
    };
  }
}
