/**
 * AUC: the probability that a positive sample is scored above a negative one, ties counted half (Mann and Whitney
 * 1947). Worked out from exact ranks, never from buckets of scores.
 */
import { rankOrder } from './rank-order.js';
import { inOrder, type Scored } from './scored.js';

/** In [0, 1]; null where one of the classes has no weight. */
export function auc(samples: Scored): number | null {
  return aucOfSorted(inOrder(samples, rankOrder(samples.scores)));
}

/** The same of samples that come by rising score. */
export function aucOfSorted({ scores, labels, weights }: Scored): number | null {
  let negativesBelow = 0;
  let positives = 0;
  let pairs = 0;
  for (let start = 0; start < scores.length; ) {
    const score = scores[start]!;
    let tiedPositives = 0;
    let tiedNegatives = 0;
    let end = start;
    for (; end < scores.length && scores[end] === score; end++) {
      if (labels[end]! > 0) tiedPositives += weights[end]!;
      else tiedNegatives += weights[end]!;
    }
    pairs += tiedPositives * (negativesBelow + tiedNegatives / 2);
    positives += tiedPositives;
    negativesBelow += tiedNegatives;
    start = end;
  }
  return positives > 0 && negativesBelow > 0 ? pairs / (positives * negativesBelow) : null;
}
