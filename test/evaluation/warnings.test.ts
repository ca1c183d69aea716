import { expect, test } from 'vitest';
import { warningsOf } from '../../src/evaluation/warnings.js';

const none = { metrics: {}, baselines: {} };

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
  expect(found['auc[ctr]']).toMatch(/^above 0\.98: look for a feature that knows the label/);
  expect(found['macroAuc[level]']).toMatch(/^below 0\.5, worse than chance/);
});

test('a model below what needs no model is told which', () => {
  const baselines = {
    ctr: {
      item: { auc: 0.61, gauc: 0.5 },
      seen: { auc: 0.6, gauc: 0.7 },
      popularity: { auc: 0.65, gauc: null },
    },
    level: { prior: { accuracy: 0.4, macroAuc: 0.5 } },
  };
  const metrics = { 'auc[ctr]': 0.6, 'gauc[ctr]': 0.7, 'accuracy[level]': 0.3, 'macroAuc[level]': null };
  expect(warningsOf({ metrics, baselines }, {})).toEqual({
    'auc[ctr]': 'below what needs no model: item (0.6100), popularity (0.6500)',
    'accuracy[level]': 'below what needs no model: prior (0.4000)',
  });
});

test('several warnings of one number stand together', () => {
  const baselines = { ctr: { item: { auc: 0.52 } } };
  const leak = { positives: 0.75, negatives: 0.01, secondsBefore: 2, suspected: true };
  const { 'auc[ctr]': text } = warningsOf({ metrics: { 'auc[ctr]': 0.4 }, baselines }, { ctr: leak });
  expect(text).toMatch(
    /^below 0\.5, worse than chance: [^;]+; below what needs no model: item \(0\.5200\); of a task/,
  );
  expect(text).toMatch(
    /of 75\.0 % of the positive samples and of 1\.0 % of the negative ones \(.* 2 s before\)/,
  );
});

test('without anything to warn of there is nothing', () => {
  const fair = { positives: 0.1, negatives: 0.02, secondsBefore: 60, suspected: false };
  const metrics = { 'auc[ctr]': 0.7, 'auc[buy]': 0.9 };
  const baselines = { ctr: { item: { auc: 0.7 } } };
  expect(warningsOf({ metrics, baselines }, { ctr: fair, buy: null })).toEqual({});
});
