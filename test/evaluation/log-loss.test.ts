import { expect, test } from 'vitest';
import { logLoss } from '../../src/evaluation/log-loss.js';

test('log loss equals its definition', () => {
  const scores = Float32Array.of(0.3, -2, 5);
  const labels = Float32Array.of(1, 0, 0);
  const weights = Float32Array.of(1, 2, 0.5);
  const p = (z: number) => 1 / (1 + Math.exp(-z));
  const expected = -(Math.log(p(scores[0]!)) + 2 * Math.log(1 - p(-2)) + 0.5 * Math.log(1 - p(5))) / 3.5;
  expect(logLoss({ scores, labels, weights })).toBeCloseTo(expected, 12);
});

test('log loss stays finite for certain mistakes', () => {
  const of = (logit: number, label: number) =>
    logLoss({
      scores: Float32Array.of(logit),
      labels: Float32Array.of(label),
      weights: Float32Array.of(1),
    });
  expect(of(1000, 0)).toBe(1000);
  expect(of(-1000, 1)).toBe(1000);
  expect(of(1000, 1)).toBe(0);
});

test('log loss without weight is null', () => {
  const none = new Float32Array(0);
  expect(logLoss({ scores: none, labels: none, weights: none })).toBeNull();
});
