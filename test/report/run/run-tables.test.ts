import { describe, expect, it } from 'vitest';
import { runTables, sampleWarnings } from '../../../src/report/run/run-tables.js';
import type { RunReport } from '../../../src/report/run-report.js';
import { example } from '../run-example.js';

const withMetrics = (metrics: Record<string, number | null>, labels = [7760, 240]): RunReport => ({
  ...example,
  evaluation: {
    ...example.evaluation,
    metrics,
    intervals: {},
    tasks: { ctr: { ...example.evaluation.tasks.ctr!, labels } },
  },
});

describe('runTables', () => {
  it('marks the highest of an AUC and the lowest of a loss, all of them where the digits are the same', () => {
    const [table] = runTables({
      a: withMetrics({ 'auc[ctr]': 0.7, 'gauc[ctr]': 0.6, 'logLoss[ctr]': 0.2 }),
      b: withMetrics({ 'auc[ctr]': 0.6, 'gauc[ctr]': 0.6, 'logLoss[ctr]': 0.1 }),
      c: withMetrics({ 'auc[ctr]': 0.70001, 'gauc[ctr]': null, 'logLoss[ctr]': 0.3 }),
    });
    expect(table!.header.slice(0, 4)).toEqual(['run', 'AUC', 'GAUC', 'log loss']);
    expect(table!.rows.map((row) => row.slice(0, 4))).toEqual([
      ['a', '0.7000', '0.6000', '0.2000'],
      ['b', '0.6000', '0.6000', '0.1000'],
      ['c', '0.7000', null, '0.3000'],
    ]);
    expect(table!.bold).toEqual([
      [0, 1],
      [2, 1],
      [1, 3],
    ]);
  });

  it('has the intervals beside their metric, and a task that only one run has', () => {
    const tables = runTables({ a: withMetrics({ 'auc[ctr]': 0.7 }), b: example });
    expect(tables.map(({ title, rows }) => [title, rows.length])).toEqual([
      ['ctr', 2],
      ['spp', 1],
      ['l2r', 1],
      ['ppp', 1],
    ]);
    expect(tables[0]!.header.slice(0, 3)).toEqual(['run', 'AUC', '95 % interval']);
    expect(tables[0]!.rows.map((row) => row[2])).toEqual([null, '0.6512 .. 0.6912']);
  });
});

describe('sampleWarnings', () => {
  it('names the tasks whose runs are measured on other samples', () => {
    const runs = {
      a: withMetrics({ 'auc[ctr]': 0.7 }),
      b: withMetrics({ 'auc[ctr]': 0.7 }, [7761, 240]),
    };
    expect(sampleWarnings(runs)).toEqual([
      'ctr: not all runs are measured on the same samples (by label: a on 7760 / 240, b on 7761 / 240).',
    ]);
    expect(sampleWarnings({ a: example, b: example })).toEqual([]);
  });
});
