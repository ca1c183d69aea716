import { describe, expect, it } from 'vitest';
import { runTables } from '../../../src/report/run/run-tables.js';
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
    expect(table!.header).toEqual(['metric', 'a', 'b', 'c', 'best baseline: item']);
    expect(table!.rows).toEqual([
      ['AUC', '0.7000', '0.6000', '0.7000', '0.6100'],
      ['GAUC', '0.6000', '0.6000', null, '0.5900'],
      ['log loss', '0.2000', '0.1000', '0.3000', '0.1500'],
      ['samples', '8000', '8000', '8000', ''],
      ['by label', '7760 / 240', '7760 / 240', '7760 / 240', ''],
    ]);
    expect(table!.bold).toEqual([
      [0, 1],
      [0, 3],
      [2, 2],
    ]);
  });

  it('has the intervals beside their metric, and a task that only one run has', () => {
    const tables = runTables({ a: withMetrics({ 'auc[ctr]': 0.7 }), b: example });
    expect(tables.map(({ title, header }) => [title, ...header])).toEqual([
      ['ctr', 'metric', 'a', 'b', '95 % interval', 'best baseline: item'],
      ['spp', 'metric', 'b', '95 % interval', 'best baseline: shop'],
      ['l2r', 'metric', 'b', '95 % interval'],
      ['ppp', 'metric', 'b', '95 % interval', 'best baseline: prior'],
    ]);
    expect(tables[0]!.rows[0]).toEqual(['AUC', '0.7000', '0.6712', '0.6512 .. 0.6912', '0.6100']);
    // The number below each run, nothing below its interval.
    expect(tables[0]!.rows.at(-2)).toEqual(['samples', '8000', '8000', '', '']);
  });

  it('marks what is nearer to 1 of predicted over observed, and nothing of what is neither good nor bad', () => {
    const [table] = runTables({
      a: withMetrics({ 'predictedOverObserved[ctr]': 1.2, 'eceByChance[ctr]': 0.01, 'ece[ctr]': 0.03 }),
      b: withMetrics({ 'predictedOverObserved[ctr]': 0.9, 'eceByChance[ctr]': 0.02, 'ece[ctr]': 0.02 }),
    });
    expect(table!.bold).toEqual([
      [0, 2],
      [2, 2],
    ]);
  });
});
