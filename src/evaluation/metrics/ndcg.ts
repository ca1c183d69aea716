/**
 * NDCG@k of one list (Jarvelin and Kekalainen 2002): the gains of its first k places, each divided by log2(1 + place), over
 * those of the best order. The gain is the label, 0 or 1; equal scores share the gains of their places evenly (McSherry and
 * Najork 2008).
 */

/** In [0, 1]; labels by rising score of samples that have a weight; null without a positive one. */
export function ndcg({ scores, labels }: RankedList, k: number): number | null {
  const { length } = scores;
  let gain = 0;
  let positives = 0;
  for (let end = length; end > 0; ) {
    let start = end - 1;
    let tied = labels[start]!;
    while (start > 0 && scores[start - 1] === scores[end - 1]) tied += labels[--start]!;
    let discounts = 0;
    for (let place = length - end + 1; place <= Math.min(k, length - start); place++) {
      discounts += 1 / Math.log2(1 + place);
    }
    gain += (tied / (end - start)) * discounts;
    positives += tied;
    end = start;
  }
  if (positives === 0) return null;
  let best = 0;
  for (let place = 1; place <= Math.min(k, positives); place++) best += 1 / Math.log2(1 + place);
  return gain / best;
}

/** The candidates of a request by rising score; arrays [candidates]. */
export interface RankedList {
  readonly scores: Float32Array;
  /** 0 or 1. */
  readonly labels: Float32Array;
}
