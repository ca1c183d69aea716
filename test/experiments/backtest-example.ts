/** A backtest worked out by hand: three days over the end of a month, two tasks, of which one has a day of one class. */
import type { BacktestDay, BacktestResult, DayOfModel } from '../../src/experiments/backtest-result.js';

export function ofModel(
  run: string,
  [ctr, spp]: readonly [number | null, number | null],
  [preprocessSeconds, trainingSeconds]: readonly [number, number] = [0, 0],
): DayOfModel {
  return { run: `runs/demo/${run}`, auc: { ctr, spp }, preprocessSeconds, trainingSeconds };
}

export const days: readonly BacktestDay[] = [
  {
    day: '2026-01-30',
    samples: { ctr: 1000, spp: 50 },
    models: {
      updated: ofModel('start', [0.7, 0.6]),
      stale: ofModel('start', [0.7, 0.6]),
      retrained: ofModel('start', [0.7, 0.6]),
    },
  },
  {
    day: '2026-01-31',
    samples: { ctr: 1100, spp: 1 },
    models: {
      updated: ofModel('updated-2026-01-30', [0.72, null], [4, 10]),
      stale: ofModel('start', [0.71, null]),
      retrained: ofModel('retrained-2026-01-30', [0.73, null], [50, 110]),
    },
  },
  {
    day: '2026-02-01',
    samples: { ctr: 1201, spp: 70 },
    models: {
      updated: ofModel('updated-2026-01-31', [0.74, 0.64], [6, 12]),
      stale: ofModel('start', [0.69, 0.6]),
      retrained: ofModel('retrained-2026-01-31', [0.73, 0.62], [60, 120]),
    },
  },
];

export const result: BacktestResult = {
  name: 'demo',
  folder: 'runs/demo',
  seed: 1,
  tasks: ['ctr', 'spp'],
  measures: { ctr: 'auc', spp: 'auc' },
  models: ['updated', 'stale', 'retrained'],
  start: { run: 'runs/demo/start', preprocessSeconds: 40, trainingSeconds: 100 },
  days,
  differences: [
    {
      task: 'ctr',
      model: 'updated',
      against: 'stale',
      difference: 0.02,
      interval: { low: 0.005, high: 0.035 },
    },
    {
      task: 'ctr',
      model: 'updated',
      against: 'retrained',
      difference: 0,
      interval: { low: -0.01, high: 0.01 },
    },
    { task: 'spp', model: 'updated', against: 'stale', difference: 0.02, interval: null },
  ],
};

/** The example before its first day is done. */
export const begun: BacktestResult = { ...result, days: [], differences: [] };
