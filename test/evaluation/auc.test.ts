import { expect, test } from 'vitest';
import { auc } from '../../src/evaluation/auc.js';
import { aucByPairs, randomSamples } from './random-samples.js';

test('AUC equals the share of pairs in the right order, with ties and weights', () => {
  for (let seed = 0; seed < 30; seed++) {
    const samples = randomSamples(2 + seed * 3, seed);
    const expected = aucByPairs(samples);
    if (expected === null) expect(auc(samples)).toBeNull();
    else expect(auc(samples)).toBeCloseTo(expected, 12);
  }
});

test('AUC of one class, of nothing and of a perfect order', () => {
  const of = (scores: number[], labels: number[], weights = scores.map(() => 1)) =>
    auc({
      scores: Float32Array.from(scores),
      labels: Float32Array.from(labels),
      weights: Float32Array.from(weights),
    });
  expect(of([1, 2], [1, 1])).toBeNull();
  expect(of([1, 2], [0, 0])).toBeNull();
  expect(of([], [])).toBeNull();
  expect(of([1, 2], [0, 1], [0, 1])).toBeNull();
  expect(of([1, 2, 3], [0, 1, 1])).toBe(1);
  expect(of([3, 2, 1], [0, 1, 1])).toBe(0);
  expect(of([1, 1, 1], [0, 1, 0])).toBe(0.5);
  expect(of([-0, 0], [0, 1])).toBe(0.5);
});

test('weights count like repeated samples', () => {
  const samples = randomSamples(40, 1);
  const whole = { ...samples, weights: samples.weights.map((_, i) => i % 4) };
  const repeated = [...whole.weights.keys()].flatMap((i) => new Array<number>(whole.weights[i]!).fill(i));
  const of = (values: Float32Array) => Float32Array.from(repeated, (i) => values[i]!);
  const apart = {
    scores: of(whole.scores),
    labels: of(whole.labels),
    weights: new Float32Array(repeated.length).fill(1),
  };
  expect(auc(whole)).toBeCloseTo(auc(apart)!, 12);
});

test('AUC of many samples is exact to the last pair', () => {
  const count = 300_000;
  const half = count / 2;
  const columns = {
    scores: Float32Array.from({ length: count }, (_, i) => (i * 7919) % count),
    labels: Float32Array.from({ length: count }, (_, i) => ((i * 7919) % count < half ? 0 : 1)),
    weights: new Float32Array(count).fill(1),
  };
  expect(auc(columns)).toBe(1);
  // The best negative and the worst positive change places: one pair of them all is wrong.
  const swapped = columns.scores.map((s) => (s === half ? half - 1 : s === half - 1 ? half : s));
  expect(auc({ ...columns, scores: swapped })).toBe(1 - 1 / (half * half));
});
