import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reciprocalRank } from '../../../src/evaluation/metrics/mrr.js';
import { reciprocalRankByOrders } from '../definitions.js';
import { rankedList, shortLists } from './ranked-lists.js';

test('the reciprocal rank is the mean over all orders of the tied candidates', () => {
  fc.assert(
    fc.property(shortLists, (candidates) => {
      const expected = reciprocalRankByOrders(candidates);
      const got = reciprocalRank(rankedList(candidates));
      if (expected === null) expect(got).toBeNull();
      else expect(got).toBeCloseTo(expected, 12);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('the reciprocal rank of long lists, by hand', () => {
  const list = (labels: number[]) =>
    rankedList(labels.map((label, at) => ({ label, score: labels.length - at })));
  expect(reciprocalRank(list([0, 0, 1, 1]))).toBe(1 / 3);
  // One positive among 1000 tied ones is in each place equally often.
  const tied = Array.from({ length: 1000 }, (_, at) => ({ label: at === 7 ? 1 : 0, score: 0 }));
  const harmonic = tied.reduce((sum, _, at) => sum + 1 / (1 + at), 0);
  expect(reciprocalRank(rankedList(tied))).toBeCloseTo(harmonic / 1000, 12);
});
