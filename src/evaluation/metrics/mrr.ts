/** Reciprocal rank of one list (Voorhees 1999): 1 / place of its first positive, whose mean over the lists is the MRR. */
import type { RankedList } from './ndcg.js';

/**
 * In (0, 1]; null without a positive. Where scores are tied it is the expected value over all orders of them: with m
 * positives among n tied samples, the first of them is in place j with probability C(n - j, m - 1) / C(n, m).
 */
export function reciprocalRank({ scores, labels }: RankedList): number | null {
  const { length } = scores;
  for (let end = length; end > 0; ) {
    let start = end - 1;
    let tied = labels[start]!;
    while (start > 0 && scores[start - 1] === scores[end - 1]) tied += labels[--start]!;
    if (tied > 0) return expected(length - end, end - start, tied);
    end = start;
  }
  return null;
}

/** Of the first of `positives` among `tied` samples that come after `above` others. */
function expected(above: number, tied: number, positives: number): number {
  let probability = positives / tied;
  let sum = 0;
  for (let place = 1; place <= tied - positives + 1; place++) {
    sum += probability / (above + place);
    probability *= (tied - place - positives + 1) / (tied - place);
  }
  return sum;
}
