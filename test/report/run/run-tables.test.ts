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
    expect(table!.header).toEqual(['metric', 'a', 'b', 'c']);
    expect(table!.rows).toEqual([
      ['AUC', '0.7000', '0.6000', '0.7000'],
      ['GAUC', '0.6000', '0.6000', null],
      ['log loss', '0.2000', '0.1000', '0.3000'],
      ['samples', '8000', '8000', '8000'],
      ['by label', '7760 / 240', '7760 / 240', '7760 / 240'],
    ]);
    expect(table!.bold).toEqual([
      [0, 1],
      [0, 3],
      [2, 2],
    ]);
  });

  it('has the intervals beside their metric, and a task that only one run has', () => {
    const tables = runTables({ b: example, a: withMetrics({ 'auc[ctr]': 0.7 }) });
    expect(tables.map(({ title, header }) => [title, ...header])).toEqual([
      ['ctr', 'metric', 'b', '95 % interval', 'a'],
      ...['spp', 'l2r', 'ppp'].map((task) => [task, 'metric', 'b', '95 % interval']),
    ]);
    expect(tables[0]!.rows[0]).toEqual(['AUC', '0.6712', '0.6512 .. 0.6912', '0.7000']);
    expect(tables[0]!.rows.at(-1)).toEqual(['by label', '7760 / 240', '', '7760 / 240']);
    // Not the interval that stands between.
    expect(tables[0]!.bold).toEqual([[0, 3]]);
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
