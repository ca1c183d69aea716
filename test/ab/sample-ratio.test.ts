import { expect, test } from 'vitest';
import { sampleRatio } from '../../src/ab/sample-ratio.js';

test('as many users as there should be are no mismatch', () => {
  expect(sampleRatio([900, 100], [9, 1])).toEqual({ chiSquare: 0, degrees: 1, pValue: 1 });
  expect(sampleRatio([5], [1])).toBeNull();
});

test('users of a variant that should have none cannot be by chance', () => {
  expect(sampleRatio([500, 3], [1, 0])!.pValue).toBe(0);
  expect(sampleRatio([500, 500, 500, 3], [1, 1, 1, 0])!.pValue).toBe(0);
});

test('a variant that should have none and has none is no degree of freedom', () => {
  const { degrees, pValue } = sampleRatio([530, 470, 0], [1, 1, 0])!;
  expect([degrees, pValue]).toEqual([1, sampleRatio([530, 470], [1, 1])!.pValue]);
  expect(sampleRatio([500, 0], [1, 0])).toEqual({ chiSquare: 0, degrees: 1, pValue: 1 });
});
