import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { auc, type Scored } from '../../src/evaluation/auc.js';
import { bootstrapIntervals } from '../../src/evaluation/bootstrap.js';
import { evaluate } from '../../src/evaluation/evaluate.js';
import { aucByGroup, gauc } from '../../src/evaluation/gauc.js';
import { logLoss } from '../../src/evaluation/log-loss.js';
import { type PredictionColumns, Predictions } from '../../src/evaluation/predictions.js';
import { rankOrder } from '../../src/evaluation/rank-order.js';

/** Few distinct scores, so that ties abound; negative ones, both zeros, infinities. */
function randomSamples(count: number, seed: number): PredictionColumns {
  const random = createRandom(seed);
  const some = [-Infinity, -1.5, -0.25, -0, 0, 1e-30, 0.5, 3, Infinity];
  const column = (make: () => number) => Float32Array.from({ length: count }, make);
  return {
    scores: column(() => some[random.integer(some.length)]!),
    labels: column(() => random.integer(2)),
    weights: column(() => random.integer(3) + 0.5),
    requests: Int32Array.from({ length: count }, () => random.integer(Math.ceil(count / 4))),
    samples: Int32Array.from({ length: count }, (_, i) => i),
  };
}

/** Every pair of a positive and a negative sample. */
function aucByPairs({ scores, labels, weights }: Scored): number | null {
  let won = 0;
  let total = 0;
  scores.forEach((a, i) => {
    scores.forEach((b, j) => {
      if (labels[i] !== 1 || labels[j] !== 0) return;
      const pair = weights[i]! * weights[j]!;
      total += pair;
      won += a > b ? pair : a === b ? pair / 2 : 0;
    });
  });
  return total > 0 ? won / total : null;
}

test('AUC equals the share of pairs in the right order, with ties and weights', () => {
  for (let seed = 0; seed < 30; seed++) {
    const samples = randomSamples(2 + seed * 3, seed);
    const expected = aucByPairs(samples);
    if (expected === null) expect(auc(samples)).toBeNull();
    else expect(auc(samples)).toBeCloseTo(expected, 12);
  }
});

test('AUC of one class, of nothing and of a perfect order', () => {
  const of = (scores: number[], labels: number[]) =>
    auc({
      scores: Float32Array.from(scores),
      labels: Float32Array.from(labels),
      weights: new Float32Array(scores.length).fill(1),
    });
  expect(of([1, 2], [1, 1])).toBeNull();
  expect(of([], [])).toBeNull();
  expect(of([1, 2, 3], [0, 1, 1])).toBe(1);
  expect(of([3, 2, 1], [0, 1, 1])).toBe(0);
  expect(of([1, 1, 1], [0, 1, 0])).toBe(0.5);
});

test('the order of scores is that of a stable sort', () => {
  const random = createRandom(5);
  const scores = Float32Array.from({ length: 3000 }, () =>
    Math.fround(random.normal() * 10 ** (random.integer(40) - 20)),
  );
  const expected = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b);
  expect([...rankOrder(scores)]).toEqual(expected);
  expect(() => rankOrder(Float32Array.of(1, Number.NaN))).toThrow(/score 1 is not a number/);
});

test('GAUC is the weighted mean of the AUC of the groups that have both classes', () => {
  for (let seed = 0; seed < 20; seed++) {
    const samples = randomSamples(60, seed);
    let sum = 0;
    let total = 0;
    for (const group of new Set(samples.requests)) {
      const members = [...samples.requests.keys()].filter((i) => samples.requests[i] === group);
      const pick = (values: Float32Array) => Float32Array.from(members, (i) => values[i]!);
      const part = {
        scores: pick(samples.scores),
        labels: pick(samples.labels),
        weights: pick(samples.weights),
      };
      const value = aucByPairs(part);
      if (value === null) continue;
      const weight = part.weights.reduce((a, b) => a + b, 0);
      sum += weight * value;
      total += weight;
    }
    const got = gauc(aucByGroup(samples, samples.requests));
    if (total === 0) expect(got).toBeNull();
    else expect(got).toBeCloseTo(sum / total, 12);
  }
});

test('log loss equals its definition and stays finite for certain mistakes', () => {
  const scores = Float32Array.of(0.3, -2, 5);
  const labels = Float32Array.of(1, 0, 0);
  const weights = Float32Array.of(1, 2, 0.5);
  const p = (z: number) => 1 / (1 + Math.exp(-z));
  const expected = -(Math.log(p(scores[0]!)) + 2 * Math.log(1 - p(-2)) + 0.5 * Math.log(1 - p(5))) / 3.5;
  expect(logLoss({ scores, labels, weights })).toBeCloseTo(expected, 12);
  const wrong = { scores: Float32Array.of(1000), labels: Float32Array.of(0), weights: Float32Array.of(1) };
  expect(logLoss(wrong)).toBe(1000);
});

test('predictions that grow keep every column in step', () => {
  const all = randomSamples(5000, 3);
  const predictions = new Predictions();
  for (let start = 0; start < 5000; start += 700) {
    const end = Math.min(5000, start + 700);
    predictions.add({
      task: 'ctr',
      logits: all.scores.slice(start, end),
      label: all.labels.slice(start, end),
      weight: all.weights.slice(start, end),
      request: all.requests.slice(start, end),
      sample: all.samples.slice(start, end),
    });
  }
  expect(predictions.columns()).toEqual(all);
});

test('the interval of a mean has the standard error of statistics and covers as often as it says', () => {
  const users = 80;
  let covered = 0;
  for (let round = 0; round < 100; round++) {
    const random = createRandom('coverage', round);
    const values = Float64Array.from({ length: users }, () => random.normal());
    const mean = (counts: Int32Array) => values.reduce((sum, v, u) => sum + v * counts[u]!, 0) / users;
    const { mean: interval } = bootstrapIntervals({ mean }, users, { samples: 300, seed: round });
    if (interval!.low <= 0 && 0 <= interval!.high) covered++;
    if (round === 0) {
      const average = values.reduce((a, b) => a + b, 0) / users;
      const deviation = Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / users);
      expect(Math.abs(interval!.standardError / (deviation / Math.sqrt(users)) - 1)).toBeLessThan(0.15);
    }
  }
  // 95 of 100 are meant; fewer than 88 or more than 99 would come about once in a thousand times.
  expect(covered).toBeGreaterThanOrEqual(88);
  expect(covered).toBeLessThanOrEqual(99);
});

test('an evaluation reports metrics, counts and intervals, and why a number is missing', () => {
  const samples = randomSamples(400, 9);
  const finite = { ...samples, scores: samples.scores.map((s) => (Number.isFinite(s) ? s : 0)) };
  const oneClass = { ...finite, labels: new Float32Array(400) };
  const userOfRequest = Int32Array.from({ length: 100 }, (_, request) => request % 37);
  const options = { userOfRequest, bootstrap: { samples: 200, seed: 1 } };
  const { metrics, intervals, reasons, tasks } = evaluate(
    new Map([
      ['ctr', finite],
      ['buy', oneClass],
    ]),
    options,
  );
  expect(metrics['auc[ctr]']).toBeCloseTo(aucByPairs(finite)!, 12);
  expect(metrics['auc[buy]']).toBeNull();
  expect(reasons).toEqual({ 'auc[buy]': 'every label is 0', 'gauc[buy]': 'every label is 0' });
  const interval = intervals['auc[ctr]']!;
  expect(interval.low).toBeLessThan(metrics['auc[ctr]']!);
  expect(interval.high).toBeGreaterThan(metrics['auc[ctr]']!);
  expect(intervals['auc[buy]']).toBeNull();
  const positives = finite.labels.reduce((a, b) => a + b, 0);
  expect(tasks.ctr).toMatchObject({ samples: 400, positives, negatives: 400 - positives, users: 37 });
  expect(evaluate(new Map([['ctr', finite]]), options).intervals['auc[ctr]']).toEqual(interval);
});
