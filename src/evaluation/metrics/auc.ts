/**
 * AUC: the probability that a positive sample is scored above a negative one, ties counted half (Mann and Whitney
 * 1947). Worked out from exact ranks, never from buckets of scores.
 */
import type { Scored } from '../scored.js';

/** Of samples that come by rising score, in [0, 1]; null where one of the classes has no weight. */
export function aucOfSorted({ scores, labels, weights }: Scored): number | null {
  const areas = new GroupAreas(1);
  for (let i = 0; i < scores.length; i++) areas.add(0, scores[i]!, labels[i]! > 0, weights[i]!);
  return areas.area(0);
}

/** Standard error of the AUC of scores that say nothing about the labels, without ties (Mann and Whitney 1947). */
export function aucErrorByChance(positives: number, negatives: number): number {
  return Math.sqrt((positives + negatives + 1) / (12 * positives * negatives));
}

/**
 * The AUCs of many groups of samples at once, from all their samples by rising score: 48 bytes for each group, none for a
 * sample.
 */
export class GroupAreas {
  /** Of the samples below the running score. */
  readonly #negatives: Float64Array;
  readonly #positives: Float64Array;
  /** Sum over the positives of the negatives below them, and half of those at their score. */
  readonly #pairs: Float64Array;
  /** Of the samples at the running score. */
  readonly #tiedNegatives: Float64Array;
  readonly #tiedPositives: Float64Array;
  readonly #score: Float64Array;

  constructor(groups: number) {
    this.#negatives = new Float64Array(groups);
    this.#positives = new Float64Array(groups);
    this.#pairs = new Float64Array(groups);
    this.#tiedNegatives = new Float64Array(groups);
    this.#tiedPositives = new Float64Array(groups);
    this.#score = new Float64Array(groups).fill(Number.NEGATIVE_INFINITY);
  }

  add(group: number, score: number, positive: boolean, weight: number): void {
    if (score !== this.#score[group]) {
      this.#settle(group);
      this.#score[group] = score;
    }
    if (positive) this.#tiedPositives[group]! += weight;
    else this.#tiedNegatives[group]! += weight;
  }

  /** In [0, 1]; null where one of the classes has no weight. */
  area(group: number): number | null {
    this.#settle(group);
    const pairs = this.#positives[group]! * this.#negatives[group]!;
    return pairs > 0 ? this.#pairs[group]! / pairs : null;
  }

  #settle(group: number): void {
    const negatives = this.#tiedNegatives[group]!;
    const positives = this.#tiedPositives[group]!;
    this.#pairs[group]! += positives * (this.#negatives[group]! + negatives / 2);
    this.#positives[group]! += positives;
    this.#negatives[group]! += negatives;
    this.#tiedNegatives[group] = 0;
    this.#tiedPositives[group] = 0;
  }
}
