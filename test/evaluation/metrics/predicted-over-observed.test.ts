import { expect, test } from 'vitest';
import { predictedOverObserved } from '../../../src/evaluation/metrics/predicted-over-observed.js';

test('what is predicted over what came; null where nothing came', () => {
  expect(predictedOverObserved(3, 2)).toBe(1.5);
  expect(predictedOverObserved(0, 2)).toBe(0);
  expect(predictedOverObserved(3, 0)).toBeNull();
});
