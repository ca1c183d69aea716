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
  warnings: { 'auc[ctr]': 'below what needs no model: item (0.8000)' },
  tasks: {
    ctr: { samples: 100, labels: [90, 10], requests: 20, requestsWithBoth: 0, users: 7 },
    level: { samples: 30, labels: [10, 9, 11], requests: 30, users: 8 },
    'a ctr': { samples: 1, labels: [1, 0], requests: 1, requestsWithBoth: 0, users: 1 },
  },
  baselines: { ctr: { item: { auc: 0.8, logLoss: 0.3 }, seen: { auc: 0.6, logLoss: null } } },
  curves: {},
  slices: {
    ctr: [
      {
        column: 'hour',
        slices: [
          slice('7', 0.55, { interval: { low: 0.5, high: 0.6, standardError: 0.02 } }),
          slice('8', 0.65, { predictedOverObserved: null }),
          slice('9', 0.2, { tiny: true }),
          slice('10', null),
        ],
      },
      {
        column: 'user',
        slices: [slice('new', 0.5), slice('known', 0.71), slice('a', 0.72), slice('b', 0.73)],
      },
    ],
    level: [],
  },
  against: null,
};

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
    for (const row of [lines[at - 1]!, ...lines.slice(at + 1, lines.indexOf('', at))]) {
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
        ['slice', 'auc', '95 % interval', 'samples', 'users', 'predicted / observed'],
        ['user = new', '0.5000', '-', '1234', '99', '1.2500'],
        ['hour = 7', '0.5500', '0.5000 .. 0.6000', '1234', '99', '1.2500'],
        ['hour = 8', '0.6500', '-', '1234', '99', '-'],
        ['user = known', '0.7100', '-', '1234', '99', '1.2500'],
        ['user = a', '0.7200', '-', '1234', '99', '1.2500'],
      ],
    ],
  ]);
});

test('what is missing and what is suspicious is said aloud below the tables', () => {
  const lines = evaluationText(evaluation, null).split('\n');
  expect(lines).toContain('gauc[ctr]: not measured, no request has both labels');
  expect(lines).toContain('warning: auc[ctr] is below what needs no model: item (0.8000)');
  const quiet = evaluationText({ ...evaluation, warnings: {}, reasons: {} }, null);
  expect(quiet).not.toMatch(/warning|not measured/);
  expect(quiet).not.toContain('\n\n\n');
});

test('another run has a table of differences with their signs', () => {
  const interval = { low: -0.02, high: 0.03001 };
  const text = evaluationText(
    {
      ...evaluation,
      against: {
        run: '/runs/b',
        step: 3,
        tasks: { ctr: { samples: 90, of: 100 }, level: { samples: 30, of: 30 } },
        metrics: {
          'auc[ctr]': { value: 0.71, other: 0.7, difference: 0.01, interval, pValue: 0.25 },
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
    ['metric', 'this run', 'other', 'difference', '95 % interval', 'p'],
    ['auc[ctr]', '0.7100', '0.7000', '+0.0100', '-0.0200 .. +0.0300', '0.250'],
    ['ece[ctr]', '0.1000', '0.3000', '-0.2000', '-', '-'],
  ]);
});
