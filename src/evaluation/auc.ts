/**
 * AUC: the probability that a positive sample is scored above a negative one, ties counted half (Mann and Whitney
 * 1947). Worked out from exact ranks, never from buckets of scores.
 */
import { rankOrder } from './rank-order.js';

/** Samples of one task; all arrays [samples]. */
export interface Scored {
  readonly scores: Float32Array;
  /** 1 for a positive sample, 0 for a negative one. */
  readonly labels: Float32Array;
  readonly weights: Float32Array;
}

/** In [0, 1]; null where one of the classes has no weight. */
export function auc(samples: Scored): number | null {
  return aucInOrder(samples, rankOrder(samples.scores), samples.weights);
}

/** The same with the order of the scores at hand and weights of its own: what a bootstrap repeats. */
export function aucInOrder(
  { scores, labels }: Pick<Scored, 'scores' | 'labels'>,
  order: Uint32Array,
  weights: Float32Array | Float64Array,
): number | null {
  let negativesBelow = 0;
  let positives = 0;
  let pairs = 0;
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start]!]!;
    let tiedPositives = 0;
    let tiedNegatives = 0;
    let end = start;
    for (; end < order.length && scores[order[end]!] === score; end++) {
      const sample = order[end]!;
      if (labels[sample]! > 0) tiedPositives += weights[sample]!;
      else tiedNegatives += weights[sample]!;
    }
    pairs += tiedPositives * (negativesBelow + tiedNegatives / 2);
    positives += tiedPositives;
    negativesBelow += tiedNegatives;
    start = end;
  }
  return positives > 0 && negativesBelow > 0 ? pairs / (positives * negativesBelow) : null;
}
