import { expect, test } from 'vitest';
import { evaluationText } from '../../src/cli/evaluation-text.js';
import type { SavedEvaluation } from '../../src/evaluation/saved-evaluation.js';
import type { Slice } from '../../src/evaluation/slicing/slices.js';

const slice = (value: string, area: number | null, more: Partial<Slice> = {}): Slice => ({
  ...{ value, area, samples: 1234, labels: [1000, 234], users: 99, share: 0.1 },
  ...{ interval: null, logLoss: 0.5, predictedOverObserved: 1.25, tiny: false, ...more },
});

const evaluation: SavedEvaluation = {
  run: '/runs/a',
  step: 12,
  scoring: { requests: 20, seconds: 1 },
  metrics: {
    'auc[ctr]': 0.71236,
    'logLoss[ctr]': 0.4,
    'gauc[ctr]': null,
    'macroAuc[level]': 0.6,
    'auc[a ctr]': 0.9,
  },
  intervals: { 'auc[ctr]': { low: 0.7, high: 0.72, standardError: 0.01 } },
  reasons: { 'gauc[ctr]': 'no request has both labels' },
  warnings: { 'auc[ctr]': 'below a baseline: item (0.8000)', level: 'is it sorted?' },
  tasks: {
    ctr: { ...{ samples: 100, weight: 100 }, labels: [90, 10], requests: 20, requestsWithBoth: 0, users: 7 },
    level: { ...{ samples: 30, weight: 30 }, labels: [10, 9, 11], requests: 30, users: 8 },
    'a ctr': { ...{ samples: 1, weight: 1 }, labels: [1, 0], requests: 1, requestsWithBoth: 0, users: 1 },
  },
  baselines: { ctr: { item: { auc: 0.8, logLoss: 0.3 }, seen: { auc: 0.6, logLoss: null } } },
  differences: {},
  curves: {},
  slices: {
    ctr: [
      {
        column: 'hour',
        within: 0.61,
        slices: [
          slice('7', 0.55, { interval: { low: 0.5, high: 0.6, standardError: 0.02 } }),
          slice('8', 0.65, { predictedOverObserved: null }),
          slice('9', 0.2, { tiny: true }),
          slice('10', null),
        ],
      },
      {
        column: 'user',
        within: null,
        slices: [slice('new', 0.5), slice('known', 0.71), slice('a', 0.72), slice('b', 0.73)],
      },
    ],
    level: [],
  },
  against: null,
};

/** A line below a table. */
const NOTE = /^(by |The lowest|Less is better|One p value|Of \d+ p values)/;

/** Tables by their titles, each cut into cells at the columns of its rule. */
function tablesOf(text: string): Map<string, string[][]> {
  const lines = text.split('\n');
  const tables = new Map<string, string[][]>();
  for (const [at, line] of lines.entries()) {
    if (!/^-+( {2}-+)*$/.test(line)) continue;
    const starts = [...line.matchAll(/-+/g)].map(
      ({ index, 0: { length } }) => [index, index + length] as const,
    );
    const rows: string[][] = [];
    const end = lines.findIndex((line, below) => below > at && (line === '' || NOTE.test(line)));
    for (const row of [lines[at - 1]!, ...lines.slice(at + 1, end)]) {
      // Between the columns there is nothing.
      for (const [start] of starts.slice(1)) expect(row.padEnd(start).slice(start - 2, start)).toBe('  ');
      rows.push(starts.map(([start, end]) => row.slice(start, end).trim()));
    }
    tables.set(lines[at - 2]!, rows);
  }
  return tables;
}

test('each task has a table of its metrics, and one of its worst slices', () => {
  const tables = tablesOf(evaluationText(evaluation, null));
  expect([...tables]).toEqual([
    [
      'ctr: 100 samples (by label 90 / 10), 20 requests, 7 users',
      [
        ['metric', 'model', '95 % interval', 'item', 'seen'],
        ['auc', '0.7124', '0.7000 .. 0.7200', '0.8000', '0.6000'],
        ['logLoss', '0.4000', '-', '0.3000', '-'],
        ['gauc', '-', '-', '-', '-'],
      ],
    ],
    [
      'level: 30 samples (by label 10 / 9 / 11), 30 requests, 8 users',
      [
        ['metric', 'model'],
        ['macroAuc', '0.6000'],
      ],
    ],
    [
      'a ctr: 1 samples (by label 1 / 0), 1 requests, 1 users',
      [
        ['metric', 'model'],
        ['auc', '0.9000'],
      ],
    ],
    [
      'ctr: the worst slices (all of them: eval/metrics.json)',
      [
        ['slice', 'auc', '95 % interval', 'mean of column', 'samples', 'users', 'predicted / observed'],
        ['user = new', '0.5000', '-', '-', '1234', '99', '1.2500'],
        ['hour = 7', '0.5500', '0.5000 .. 0.6000', '0.6100', '1234', '99', '1.2500'],
        ['hour = 8', '0.6500', '-', '0.6100', '1234', '99', '-'],
        ['user = known', '0.7100', '-', '-', '1234', '99', '1.2500'],
        ['user = a', '0.7200', '-', '-', '1234', '99', '1.2500'],
      ],
    ],
  ]);
});

test('what is missing and what is suspicious is said aloud below the tables', () => {
  const lines = evaluationText(evaluation, null).split('\n');
  expect(lines).toContain('gauc[ctr]: not measured, no request has both labels');
  expect(lines).toContain('warning: auc[ctr]: below a baseline: item (0.8000).');
  expect(lines).toContain('warning: level: is it sorted?');
  const quiet = evaluationText({ ...evaluation, warnings: {}, reasons: {} }, null);
  expect(quiet).not.toMatch(/warning|not measured/);
  expect(quiet).not.toContain('\n\n\n');
});

test('below a task stands what the model is told apart from, by its area', () => {
  const paired = (low: number, high: number) => ({
    ...{ value: 0.7, other: 0.6, difference: (low + high) / 2, pValue: 0.5 },
    interval: { low, high },
  });
  const text = evaluationText(
    {
      ...evaluation,
      differences: {
        ctr: {
          item: { auc: paired(0.01, 0.03), gauc: paired(-0.03, -0.01) },
          shop: { auc: paired(-0.01, 0.03) },
          seen: { auc: paired(0.02, 0.03) },
          best: { auc: paired(-0.2, -0.1) },
          none: { auc: null },
        },
        level: { prior: { macroAuc: { ...paired(0, 0), interval: null } } },
      },
    },
    null,
  );
  const lines = text.split('\n').filter((line) => line.startsWith('by '));
  expect(lines).toEqual(['by auc the model is above item, seen; below best; not told apart from shop']);
  expect(evaluationText(evaluation, null)).not.toContain('the model is');
});

test('weighted tasks are called so', () => {
  const { ctr } = evaluation.tasks;
  const weighing = (weight: number) =>
    evaluationText({ ...evaluation, tasks: { ctr: { ...ctr!, ...{ weight } } } }, null);
  expect(weighing(250)).toContain('20 requests, 7 users; weighted, 250 in all\n');
  expect(weighing(100)).toContain('20 requests, 7 users\n');
});

test('below the slices stands what to think of the lowest, or that there are none', () => {
  // Of the slices with an interval and a mean: one, which ends at .6, below .61.
  expect(evaluationText(evaluation, null)).toContain(
    'The lowest of many slices looks worse than it is: of 1 slice 1 ends below the mean of their column, ' +
      'where chance alone would give about 0.0.\n',
  );
  const tiny = {
    column: 'hour',
    within: null,
    slices: [slice('7', 0.1, { tiny: true }), slice('8', 0.2, { tiny: true })],
  };
  const text = evaluationText({ ...evaluation, slices: { ctr: [tiny], level: [] } }, null);
  expect(text).toContain(
    'ctr: no slice (of 2) has enough samples and users to tell where the task is weak\n',
  );
  expect(text).not.toContain('worst slices');
  expect(text).not.toContain('level: no slice');
});

test('another run has a table of differences with their signs, and what they mean', () => {
  const interval = { low: -0.02, high: 0.03001 };
  const below = { low: -0.3, high: -0.1 };
  const text = evaluationText(
    {
      ...evaluation,
      against: {
        run: '/runs/b',
        step: 3,
        tasks: { ctr: { samples: 90, of: 100 }, level: { samples: 30, of: 30 } },
        metrics: {
          'auc[ctr]': { value: 0.71, other: 0.7, difference: 0.01, interval, pValue: 0.25 },
          'logLoss[ctr]': { value: 0.3, other: 0.5, difference: -0.2, interval: below, pValue: 0.0005 },
          'ece[ctr]': { value: 0.1, other: 0.30001, difference: -0.20001, interval: null, pValue: null },
          'gauc[ctr]': null,
        },
      },
    },
    null,
  );
  expect(
    tablesOf(text).get('against /runs/b, on the samples of both: 90 of 100 of ctr, 30 of 30 of level'),
  ).toEqual([
    ['metric', 'this run', 'other', 'difference', '95 % interval', 'p', 'this run is'],
    ['auc[ctr]', '0.7100', '0.7000', '+0.0100', '-0.0200 .. +0.0300', '0.250', 'not told apart'],
    ['logLoss[ctr]', '0.3000', '0.5000', '-0.2000', '-0.3000 .. -0.1000', '< 0.001', 'better'],
    ['ece[ctr]', '0.1000', '0.3000', '-0.2000', '-', '-', '-'],
  ]);
  expect(text).toContain(
    'Less is better of log loss, normalised entropy and calibration error; predicted / observed is best at 1.\n' +
      'Of 2 p values about 0.1 would lie below 0.05 by chance alone. With 1,000 resamples none can be below 0.002.\n',
  );
});
