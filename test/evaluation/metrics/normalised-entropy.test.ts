import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalisedEntropy } from '../../../src/evaluation/metrics/normalised-entropy.js';
import { entropyOf } from '../definitions.js';

test('normalised entropy is the mean loss over the entropy of the shares', () => {
  const classes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 50, noNaN: true }), classes, (loss, weights) => {
      const weight = weights.reduce((a, b) => a + b, 0);
      const got = normalisedEntropy(loss, weights);
      if (weights.filter((w) => w > 0).length < 2) expect(got).toBeNull();
      else expect(got).toBeCloseTo(loss / weight / entropyOf(weights), 10);
    }),
    { seed: 1 },
  );
});

test('a model that predicts the shares for everyone has a normalised entropy of 1', () => {
  const [p, weight] = [0.2, 40];
  const loss = -weight * (p * Math.log(p) + (1 - p) * Math.log(1 - p));
  expect(normalisedEntropy(loss, [32, 8])).toBeCloseTo(1, 12);
});
