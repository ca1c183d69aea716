import { expect, test } from 'vitest';
import { gauc } from '../../../src/evaluation/metrics/gauc.js';

test('GAUC is the mean by weight; null where no group counts', () => {
  // AUC 1/2 of three samples and 0 of two.
  expect(gauc({ weighted: 3 * 0.5 + 2 * 0, weight: 5 })).toBeCloseTo(0.3, 12);
  expect(gauc({ weighted: 0, weight: 0 })).toBeNull();
});
