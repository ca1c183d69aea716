/** The configs of a backtest: of the data that it starts from, of each day that is added, and of each retrained model. */
import { basename } from 'node:path';
import { type Backtest, dayAfter } from '../config/load-backtest.js';
import type { Config } from '../config/schema.js';

/** The name of a run inside the folder of the backtest. */
const startRun = 'start';

/** Whether a name is that of a run of a backtest. */
export const isBacktestRun = (name: string): boolean =>
  name === startRun || /^(updated|retrained)-\d{4}-\d{2}-\d{2}$/.test(name);

/** What all models start from: the days before the first one that is measured. Its prepared data is kept for updates. */
export function startConfig(backtest: Backtest): Config {
  const { base, days } = backtest;
  return named(backtest, upTo(base, days[0]!, days[0]!), ownData(backtest), startRun);
}

/** The prepared data with the day added, and the run that has learned it. */
export function updateConfig(backtest: Backtest, at: number): Config {
  const { update, days } = backtest;
  const config = upTo(update, dayAfter(days[at]!, 1), days[0]!);
  return named(backtest, config, ownData(backtest), `updated-${days[at]}`);
}

/** All days before the one that it is measured on, which is its evaluation period. */
export function retrainedConfig(backtest: Backtest, at: number): Config {
  const { base, days } = backtest;
  const day = days[at]!;
  return named(
    backtest,
    upTo(base, dayAfter(day, 1), day),
    `${ownData(backtest)}-${day}`,
    `retrained-${day}`,
  );
}

/** Backtests of one base do not share it. */
const ownData = ({ base, folder }: Backtest): string => `${base.name}-${basename(folder)}`;

/** The log until the start of a day, and one day of evaluation. */
function upTo(config: Config, to: string, evaluationDay: string): Config {
  const { evaluationLastDays: _, ...split } = config.split;
  return {
    ...config,
    data: { ...config.data, log: { ...config.data.log, to } },
    split: { ...split, evaluationFrom: evaluationDay, evaluationTo: dayAfter(evaluationDay, 1) },
  };
}

function named({ folder, seed }: Backtest, config: Config, data: string, run: string): Config {
  return { ...config, name: data, train: { ...config.train, seed }, run: { folder, name: run } };
}
