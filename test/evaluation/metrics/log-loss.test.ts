import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logLoss, logLossOf } from '../../../src/evaluation/metrics/log-loss.js';

test('the log loss of a logit is minus the logarithm of the probability of its label', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -30, max: 30, noNaN: true }),
      fc.integer({ min: 0, max: 1 }),
      (logit, label) => {
        // Of label 0 the probability is that of the opposite logit; 1 - p would lose its digits.
        const probability = 1 / (1 + Math.exp(label === 1 ? -logit : logit));
        expect(logLossOf(logit, label)).toBeCloseTo(-Math.log(probability), 10);
      },
    ),
    { seed: 1 },
  );
});

test('the log loss stays finite for certain mistakes, and keeps its digits for certain hits', () => {
  expect(logLossOf(1000, 0)).toBe(1000);
  expect(logLossOf(-1000, 1)).toBe(1000);
  expect(logLossOf(1000, 1)).toBe(0);
  expect(logLossOf(40, 1) / Math.exp(-40)).toBeCloseTo(1, 10);
});

test('the mean log loss is over the weight; null without any', () => {
  expect(logLoss(3, 4)).toBe(0.75);
  expect(logLoss(0, 0)).toBeNull();
});
