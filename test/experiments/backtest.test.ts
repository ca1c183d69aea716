import { expect, it } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import type { Backtest } from '../../src/config/load-backtest.js';
import { type BacktestWork, backtest } from '../../src/experiments/backtest.js';

const settings = {
  ...{ name: 'demo', folder: 'runs/demo', seed: 1, models: ['updated'], days: [] },
  base: {
    tasks: { ctr: { kind: 'binary' }, l2r: { kind: 'rank' }, ppp: { kind: 'multiclass' } },
    train: {},
  },
} as unknown as Backtest;

const work = {
  start: async () => ({ run: 'runs/demo/start', preprocessSeconds: 0, trainingSeconds: 0 }),
  differences: async () => [],
  report: async () => {},
} as unknown as BacktestWork;

it('measures the macro AUC of tasks of several classes', async () => {
  const { measures } = await backtest(settings, work, silentContext);
  expect(measures).toEqual({ ctr: 'auc', l2r: 'auc', ppp: 'macroAuc' });
});

it('measures the tasks that are trained', async () => {
  const base = { ...settings.base, train: { ...settings.base.train, tasks: ['ppp'] } };
  const { tasks, measures } = await backtest({ ...settings, base }, work, silentContext);
  expect(tasks).toEqual(['ppp']);
  expect(measures).toEqual({ ppp: 'macroAuc' });
});
