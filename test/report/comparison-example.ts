/** A comparison worked out by hand: a variant with an interval, and one that has one seed. */
import type { ComparisonResult } from '../../src/experiments/summarise.js';

const costs = {
  denseParameters: 10,
  tableParameters: 100,
  weightBytes: 440,
  trainingSeconds: 2,
  steps: 50,
  scoringSeconds: 1,
  seeds: 2,
};

export const comparison: ComparisonResult = {
  name: 'paper',
  folder: 'runs/paper',
  base: 'base.yaml',
  seeds: [1, 2],
  runs: { planned: 6, missing: ['all-seed2'] },
  metrics: {
    'auc[ctr]': {
      base: { seeds: 2, mean: 0.7, deviation: 0.01, values: { 1: 0.69, 2: 0.71 }, difference: null },
      nobp: {
        seeds: 2,
        mean: 0.68,
        deviation: 0.01,
        values: { 1: 0.67, 2: 0.69 },
        difference: { seeds: 2, mean: -0.02, deviation: 0.001, interval: { low: -0.03, high: -0.01 } },
      },
      all: {
        seeds: 1,
        mean: 0.7,
        deviation: null,
        values: { 1: 0.7 },
        difference: { seeds: 1, mean: 0.01, deviation: null, interval: null },
      },
    },
    'logLoss[ctr]': {
      base: { seeds: 2, mean: 0.4, deviation: 0.01, values: { 1: 0.39, 2: 0.41 }, difference: null },
    },
  },
  costs: { base: costs, nobp: costs, all: { ...costs, seeds: 1 } },
  warnings: [],
};
