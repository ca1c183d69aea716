import { expect, test } from 'vitest';
import { LeakCounter } from '../../src/evaluation/leak-check.js';

/** Samples in two pieces. */
function checkOf(label: number[], isLatest: number[], ages: number[]) {
  const counter = new LeakCounter();
  for (const [from, to] of [
    [0, 3],
    [3, label.length],
  ]) {
    counter.add(
      { label: Float32Array.from(label.slice(from, to)) },
      Uint8Array.from(isLatest.slice(from, to)),
      Float64Array.from(ages.slice(from, to)),
    );
  }
  return counter.result();
}

test('shares by label, and the median time of the positives whose candidate came last', () => {
  const label = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0];
  const isLatest = [1, 1, 0, 1, 1, 1, 1, 0, 0, 0];
  // Of 3, 5, 7, 9 and 20.
  expect(checkOf(label, isLatest, [9, 5, 1, 7, 20, 3, 2, 2, 2, 2])).toEqual({
    ...{ positives: 5 / 6, negatives: 0.25, secondsBefore: 7, suspected: false },
  });
});

test('half of the positives and a tenth of that share of the negatives is suspected', () => {
  const label = [...new Array(10).fill(1), ...new Array(20).fill(0)];
  const latest = (positives: number, negatives: number) =>
    label.map((value, at) => ((value === 1 ? at < positives : at - 10 < negatives) ? 1 : 0));
  const suspected = (positives: number, negatives: number) =>
    checkOf(label, latest(positives, negatives), label)!.suspected;
  expect(suspected(5, 1)).toBe(true);
  expect(suspected(4, 0)).toBe(false);
  expect(suspected(5, 2)).toBe(false);
  expect(suspected(10, 2)).toBe(true);
});

test('samples of one label tell nothing', () => {
  expect(checkOf([1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1])).toBeNull();
  expect(checkOf([0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1])).toBeNull();
});
