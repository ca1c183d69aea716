import { expect, test } from 'vitest';
import type { PairedMetric } from '../../src/evaluation/against.js';
import { warningsOf } from '../../src/evaluation/warnings.js';

const none = { metrics: {}, intervals: {}, differences: {} };

const interval = (low: number, high: number) => ({ low, high, standardError: (high - low) / 4 });

/** What a model has more than a baseline; the ends of the interval tell it apart. */
const more = (low: number, high: number): PairedMetric => ({
  ...{ value: 0.5 + (low + high) / 2, other: 0.5, difference: (low + high) / 2, pValue: 0.5 },
  interval: { low, high },
});

test('an area that is too good, or worse than chance, comes with a warning', () => {
  const metrics = {
    'auc[ctr]': 0.981,
    'gauc[ctr]': 0.98,
    'gaucByUser[ctr]': 0.49,
    'macroAuc[level]': 0.3,
    'accuracy[level]': 0.1,
    'mrr[ctr]': 0.999,
    'auc[buy]': null,
    'auc[spp]': 0.5,
  };
  const found = warningsOf({ ...none, metrics }, {});
  expect(Object.keys(found)).toEqual(['auc[ctr]', 'gaucByUser[ctr]', 'macroAuc[level]']);
  expect(found['auc[ctr]']).toMatch(/^is above 0\.98: look for a feature that knows the label/);
  expect(found['macroAuc[level]']).toMatch(/^is below 0\.5, worse than chance/);
});

test('an area below 0.5 whose interval holds 0.5 may be chance', () => {
  const metrics = { 'auc[ctr]': 0.49, 'auc[buy]': 0.48, 'auc[spp]': 0.47 };
  const intervals = { 'auc[ctr]': interval(0.45, 0.5), 'auc[buy]': interval(0.45, 0.499), 'auc[spp]': null };
  expect(Object.keys(warningsOf({ ...none, metrics, intervals }, {}))).toEqual(['auc[buy]', 'auc[spp]']);
});

test('predictions that are too many or too few beyond chance come with a warning', () => {
  const metrics = {
    'predictedOverObserved[many]': 1.204,
    'predictedOverObserved[few]': 0.9,
    'predictedOverObserved[chance]': 1.3,
    'predictedOverObserved[alone]': 3,
  };
  const intervals = {
    'predictedOverObserved[many]': interval(1.01, 1.4),
    'predictedOverObserved[few]': interval(0.82, 0.99),
    'predictedOverObserved[chance]': interval(1, 1.6),
    'predictedOverObserved[alone]': null,
  };
  expect(warningsOf({ ...none, metrics, intervals }, {})).toEqual({
    'predictedOverObserved[many]': 'is not 1: the model expects 20 % too many positives, beyond chance',
    'predictedOverObserved[few]': 'is not 1: the model expects 10 % too few positives, beyond chance',
  });
});

test('a log loss above that of the base rates comes with a warning', () => {
  const metrics = {
    'normalisedEntropy[ctr]': 1.02,
    'normalisedEntropy[buy]': 1.02,
    'normalisedEntropy[level]': 1.01,
    'normalisedEntropy[spp]': 1,
  };
  const intervals = {
    'normalisedEntropy[ctr]': interval(1.01, 1.03),
    'normalisedEntropy[buy]': interval(0.99, 1.05),
  };
  const text = 'is above 1: the base rates alone predict better';
  expect(warningsOf({ ...none, metrics, intervals }, {})).toEqual({
    'normalisedEntropy[ctr]': text,
    'normalisedEntropy[level]': text,
  });
});

test('a model that a baseline is better than beyond chance is told which, and in what', () => {
  const differences = {
    ctr: {
      item: { auc: more(-0.03, -0.01), gauc: more(0.1, 0.2), logLoss: more(0.01, 0.02) },
      seen: { auc: more(0.01, 0.02), mrr: more(-0.03, -0.001) },
      popularity: { auc: more(0.01, 0.02), logLoss: more(-0.2, -0.1), predictedOverObserved: more(-2, -1) },
      position: { auc: null, gauc: more(-0.1, 0.1), logLoss: more(-0.1, 0.1) },
    },
    level: { prior: { accuracy: more(-0.2, -0.1), macroAuc: more(0.1, 0.2) } },
  };
  expect(warningsOf({ ...none, differences }, {})).toEqual({
    ctr: 'is worse than baselines, beyond chance: item (by AUC, log loss), seen (by MRR)',
    level: 'is worse than baselines, beyond chance: prior (by accuracy)',
  });
});

test('a model whose area chance could tell from a baseline is told so', () => {
  const differences = {
    ctr: {
      item: { auc: more(-0.01, 0.03) },
      seen: { auc: more(0, 0.02) },
      lastItem: { auc: more(0.01, 0.02) },
    },
    level: { lastItem: { macroAuc: more(-0.1, 0), accuracy: more(-0.2, -0.1) } },
    buy: { item: { auc: { ...more(0, 0), interval: null, pValue: null } } },
  };
  expect(warningsOf({ ...none, differences }, {})).toEqual({
    ctr: 'is not told apart from baselines: item, seen',
    level:
      'is worse than baselines, beyond chance: lastItem (by accuracy); is not told apart from baselines: lastItem',
  });
});

test('several warnings of one task, or of one number, stand together', () => {
  const differences = { ctr: { item: { auc: more(-0.2, -0.1) } } };
  const leak = { positives: 0.75, negatives: 0.01, secondsBefore: 2, suspected: true };
  const metrics = { 'auc[ctr]': 0.4 };
  const found = warningsOf({ ...none, metrics, differences }, { ctr: leak });
  expect(Object.keys(found)).toEqual(['auc[ctr]', 'ctr']);
  expect(found.ctr).toMatch(
    /^is worse than baselines, beyond chance: item \(by AUC\); has histories that may hold their own label: /,
  );
  expect(found.ctr).toMatch(
    /of 75\.0 % of the positive samples and of 1\.0 % of the negative ones \(.* 2 s before\)/,
  );
});

test('without anything to warn of there is nothing', () => {
  const fair = { positives: 0.1, negatives: 0.02, secondsBefore: 60, suspected: false };
  const metrics = { 'auc[ctr]': 0.7, 'normalisedEntropy[ctr]': 0.9, 'predictedOverObserved[ctr]': 1.02 };
  const intervals = { 'predictedOverObserved[ctr]': interval(0.98, 1.06) };
  const differences = { ctr: { item: { auc: more(0.01, 0.2), logLoss: more(-0.2, -0.1) } } };
  expect(warningsOf({ metrics, intervals, differences }, { ctr: fair, buy: null })).toEqual({});
});
