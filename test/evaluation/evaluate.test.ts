import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { evaluate } from '../../src/evaluation/evaluate.js';
import type { PredictionColumns } from '../../src/evaluation/predictions.js';
import { aucByPairs, randomSamples } from './random-samples.js';

/** Random samples with logits that are finite. */
function finiteSamples(count: number, seed: number): PredictionColumns {
  const samples = randomSamples(count, seed);
  return { ...samples, scores: samples.scores.map((score) => (Number.isFinite(score) ? score : 0)) };
}

const userOfRequest = Int32Array.from({ length: 100 }, (_, request) => request % 37);
const kinds = { ctr: 'binary', buy: 'binary', empty: 'binary', single: 'binary' } as const;
const options = { kinds, userOfRequest, bootstrap: { samples: 200, seed: 1 } };

test('an evaluation reports metrics, counts and intervals, and why a number is missing', () => {
  const samples = finiteSamples(400, 9);
  const oneClass = { ...samples, labels: new Float32Array(400) };
  const predictions = new Map([
    ['ctr', samples],
    ['buy', oneClass],
  ]);
  const { metrics, intervals, reasons, tasks } = evaluate(predictions, options);
  expect(Object.keys(metrics)).toEqual(
    ['ctr', 'buy'].flatMap((task) => [`auc[${task}]`, `gauc[${task}]`, `logLoss[${task}]`]),
  );
  expect(metrics['auc[ctr]']).toBeCloseTo(aucByPairs(samples)!, 12);
  expect(metrics['auc[buy]']).toBeNull();
  expect(metrics['logLoss[buy]']).toBeGreaterThan(0);
  expect(reasons).toEqual({ 'auc[buy]': 'every label is 0', 'gauc[buy]': 'every label is 0' });
  const interval = intervals['auc[ctr]']!;
  expect(interval.low).toBeLessThan(metrics['auc[ctr]']!);
  expect(interval.high).toBeGreaterThan(metrics['auc[ctr]']!);
  expect(intervals['auc[buy]']).toBeNull();
  const positives = samples.labels.reduce((a, b) => a + b, 0);
  const requests = new Set(samples.requests).size;
  expect(tasks.ctr).toMatchObject({
    samples: 400,
    labels: [400 - positives, positives],
    requests,
    users: 37,
  });
  expect(evaluate(new Map([['ctr', samples]]), options).intervals['auc[ctr]']).toEqual(interval);
});

test('an evaluation without resamples has no intervals', () => {
  const predictions = new Map([['ctr', finiteSamples(100, 2)]]);
  const { intervals } = evaluate(predictions, { ...options, bootstrap: { samples: 0, seed: 1 } });
  expect(intervals).toEqual({});
});

test('a task without samples, and one whose requests have one class each, say so', () => {
  const samples = finiteSamples(100, 2);
  const none = { scores: new Float32Array(0), labels: new Float32Array(0), weights: new Float32Array(0) };
  const empty: PredictionColumns = {
    ...none,
    outputs: 1,
    requests: new Int32Array(0),
    samples: new Int32Array(0),
  };
  const byRequest = { ...samples, labels: Float32Array.from(samples.requests, (request) => request % 2) };
  const { reasons, tasks } = evaluate(
    new Map<string, PredictionColumns>([
      ['empty', empty],
      ['single', byRequest],
    ]),
    options,
  );
  expect(reasons).toEqual({
    'auc[empty]': 'there are no samples',
    'gauc[empty]': 'there are no samples',
    'logLoss[empty]': 'there are no samples',
    'gauc[single]': 'no request has both labels',
  });
  expect(tasks.empty).toMatchObject({ samples: 0, requests: 0, users: 0 });
  expect(tasks.single!.requestsWithBoth).toBe(0);
});

test('an AUC that is too good, or worse than chance, comes with a warning', () => {
  const samples = finiteSamples(300, 4);
  const of = (scores: Float32Array) => evaluate(new Map([['ctr', { ...samples, scores }]]), options).warnings;
  expect(Object.keys(of(samples.labels))).toEqual(['auc[ctr]', 'gauc[ctr]']);
  expect(of(samples.labels)['auc[ctr]']).toMatch(/above 0\.98/);
  expect(of(samples.labels.map((label) => -label))['gauc[ctr]']).toMatch(/below 0\.5/);
  const random = createRandom('noise');
  const fair = samples.labels.map((label) => label + 2 * random.normal());
  expect(of(fair)).toEqual({});
});

test('the interval widens when the same samples come from fewer users', () => {
  const count = 2000;
  const random = createRandom('users');
  const leaning = Float64Array.from({ length: 500 }, () => random.normal());
  const requests = Int32Array.from({ length: count }, (_, i) => Math.floor(i / 4));
  const labels = Float32Array.from({ length: count }, () => random.integer(2));
  const columns: PredictionColumns = {
    labels,
    // A user whose scores lean one way makes its samples depend on one another.
    scores: labels.map(
      (label, i) => label + random.normal() + 2 * leaning[requests[i]! % 20]! * (label - 0.5),
    ),
    outputs: 1,
    weights: new Float32Array(count).fill(1),
    requests,
    samples: Int32Array.from({ length: count }, (_, i) => i),
  };
  const errorWith = (users: (request: number) => number) =>
    evaluate(new Map([['ctr', columns]]), {
      ...options,
      userOfRequest: Int32Array.from({ length: 500 }, (_, request) => users(request)),
    }).intervals['auc[ctr]']!.standardError;
  expect(errorWith((request) => request % 20)).toBeGreaterThan(1.5 * errorWith((request) => request));
});
