import { expect, test } from 'vitest';
import { macroAuc } from '../../../src/evaluation/metrics/macro-auc.js';

test('the macro AUC is the mean over the classes that have one', () => {
  expect(macroAuc([0.5, null, 1, 0.75])).toBe(0.75);
  expect(macroAuc([0, null])).toBe(0);
  expect(macroAuc([null, null])).toBeNull();
});
