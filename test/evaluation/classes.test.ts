import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { accuracy } from '../../src/evaluation/accuracy.js';
import { evaluate } from '../../src/evaluation/evaluate.js';
import { macroAuc, resampledMacroAuc } from '../../src/evaluation/macro-auc.js';
import { logProbabilities, type ScoredClasses } from '../../src/evaluation/scored-classes.js';
import { aucByPairs } from './random-samples.js';

/** Few distinct logits, so that ties abound, even between the classes of a sample. */
function randomClasses(count: number, classes: number, seed: number): ScoredClasses {
  const random = createRandom('classes', seed);
  return {
    scores: Float32Array.from({ length: count * classes }, () => random.integer(4) / 2 - 1),
    classes,
    labels: Float32Array.from({ length: count }, () => random.integer(classes)),
    weights: Float32Array.from({ length: count }, () => random.integer(3) + 0.5),
  };
}

/** Probabilities by the definition of softmax. */
function softmax({ scores, classes }: ScoredClasses, sample: number): number[] {
  const powers = [...scores.slice(sample * classes, (sample + 1) * classes)].map(Math.exp);
  return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
}

const column = (samples: ScoredClasses, label: number) =>
  Float32Array.from(samples.labels, (_, i) => Math.fround(Math.log(softmax(samples, i)[label]!)));

function macroAucByPairs(samples: ScoredClasses): number {
  const areas = Array.from({ length: samples.classes }, (_, label) =>
    aucByPairs({
      scores: column(samples, label),
      labels: samples.labels.map((value) => (value === label ? 1 : 0)),
      weights: samples.weights,
    }),
  ).filter((value) => value !== null);
  return areas.reduce((a, b) => a + b, 0) / areas.length;
}

test.each([1, 2, 3, 4])('accuracy, macro AUC and log loss equal their definitions (seed %d)', (seed) => {
  const samples = randomClasses(120, 2 + seed, seed);
  const total = samples.weights.reduce((a, b) => a + b, 0);
  let right = 0;
  let loss = 0;
  samples.labels.forEach((label, i) => {
    const probabilities = softmax(samples, i);
    const best = probabilities.indexOf(Math.max(...probabilities));
    right += best === label ? samples.weights[i]! : 0;
    loss -= samples.weights[i]! * Math.log(probabilities[label]!);
  });
  expect(accuracy(samples)).toBeCloseTo(right / total, 12);
  expect(macroAuc(samples)).toBeCloseTo(macroAucByPairs(samples), 10);
  const requests = Int32Array.from(samples.labels, (_, i) => i);
  const columns = { ...samples, outputs: samples.classes, requests, samples: requests };
  const { metrics, tasks, intervals } = evaluate(new Map([['level', columns]]), {
    kinds: { level: 'multiclass' },
    userOfRequest: requests.map((request) => request % 30),
    bootstrap: { samples: 50, seed: 1 },
  });
  expect(Object.keys(metrics)).toEqual(['accuracy[level]', 'macroAuc[level]', 'logLoss[level]']);
  expect(metrics['logLoss[level]']).toBeCloseTo(loss / total, 6);
  expect(metrics['accuracy[level]']).toBe(accuracy(samples));
  expect(tasks.level!.labels.reduce((a, b) => a + b)).toBe(120);
  expect(tasks.level!.users).toBe(30);
  for (const [key, interval] of Object.entries(intervals)) {
    expect(interval!.low, key).toBeLessThan(metrics[key]!);
    expect(interval!.high, key).toBeGreaterThan(metrics[key]!);
  }
});

test('the macro AUC of resampled users is that of their samples, each as often as it was drawn', () => {
  const samples = randomClasses(60, 4, 8);
  const users = Int32Array.from(samples.labels, (_, i) => i % 10);
  const counts = Int32Array.from([0, 2, 1, 0, 3, 1, 1, 0, 2, 0]);
  const weights = samples.weights.map((weight, i) => weight * counts[users[i]!]!);
  expect(resampledMacroAuc(samples, users)(counts)).toBeCloseTo(macroAuc({ ...samples, weights })!, 12);
});

test('log probabilities survive logits that overflow', () => {
  const scores = Float32Array.of(1000, 0, -1000, -2000, -2000, -2000);
  const samples = { scores, classes: 3, labels: Float32Array.of(0, 1), weights: Float32Array.of(1, 1) };
  const values = [...logProbabilities(samples)];
  expect(values.slice(0, 3)).toEqual([0, -1000, -2000]);
  for (const value of values.slice(3)) expect(value).toBeCloseTo(-Math.log(3), 5);
});

test('classes without samples are left out of the macro AUC; a single one has none', () => {
  const two = { ...randomClasses(50, 4, 5) };
  const labels = two.labels.map((label) => label % 2);
  const area = macroAuc({ ...two, labels })!;
  const each = [0, 1].map((label) =>
    aucByPairs({
      scores: logProbabilities(two).filter((_, i) => i % 4 === label),
      labels: labels.map((value) => (value === label ? 1 : 0)),
      weights: two.weights,
    }),
  );
  expect(area).toBeCloseTo((each[0]! + each[1]!) / 2, 12);
  expect(macroAuc({ ...two, labels: labels.fill(1) })).toBeNull();
});
