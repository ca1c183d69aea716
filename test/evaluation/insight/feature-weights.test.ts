import { expect, test } from 'vitest';
import { describeFeatureWeights } from '../../../src/evaluation/insight/feature-weights.js';

test('mean and quantiles of each feature, the largest mean size first', () => {
  const features = ['constant', 'price', 'sales'].map((name) => ({ name, mean: 5, deviation: 2 }));
  // Over eleven requests: 1; -5 .. 5; 10, 11 .. 20.
  const rows = Array.from({ length: 11 }, (_, at) => [1, ((at * 7) % 11) - 5, 20 - at]);
  const described = describeFeatureWeights(features, Float32Array.from(rows.flat()));
  expect(described).toEqual([
    { feature: 'sales', mean: 15, low: 11, high: 19 },
    { feature: 'price', mean: 0, low: -4, high: 4 },
    { feature: 'constant', mean: 1, low: 1, high: 1 },
  ]);
});
