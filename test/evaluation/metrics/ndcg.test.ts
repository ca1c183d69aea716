import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ndcg } from '../../../src/evaluation/metrics/ndcg.js';
import { ndcgByOrders } from '../definitions.js';
import { rankedList, shortLists } from './ranked-lists.js';

test('NDCG is the mean over all orders of the tied candidates', () => {
  fc.assert(
    fc.property(shortLists, fc.integer({ min: 1, max: 9 }), (candidates, k) => {
      const expected = ndcgByOrders(candidates, k);
      const got = ndcg(rankedList(candidates), k);
      if (expected === null) expect(got).toBeNull();
      else expect(got).toBeCloseTo(expected, 12);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('NDCG by hand', () => {
  const list = (labels: number[]) =>
    rankedList(labels.map((label, at) => ({ label, score: labels.length - at })));
  expect(ndcg(list([1, 0, 0]), 10)).toBe(1);
  expect(ndcg(list([0, 1, 0]), 10)).toBeCloseTo(1 / Math.log2(3), 12);
  expect(ndcg(list([0, 0, 1]), 2)).toBe(0);
  expect(ndcg(list([1, 0, 1]), 10)).toBeCloseTo((1 + 1 / 2) / (1 + 1 / Math.log2(3)), 12);
  // More positives than places: a list that has them in all places is the best there is.
  expect(ndcg(list([1, 1, 1, 0]), 2)).toBe(1);
});
