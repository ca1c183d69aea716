/** The runs that a transfer consists of: a base for each seed, and the strategies on it. */
import type { Strategy } from '../common/strategies.js';
import type { Transfer } from '../config/load-transfer.js';
import type { Config } from '../config/schema.js';

export interface PlannedBase {
  readonly seed: number;
  readonly config: Config;
}

export interface PlannedStrategy {
  readonly strategy: Strategy;
  readonly seed: number;
  readonly fraction: number;
  readonly config: Config;
}

/** The base of a seed. */
export function plannedBase(transfer: Transfer, seed: number): PlannedBase {
  const { base, baseTasks, folder } = transfer;
  const train = { ...base.train, seed, tasks: [...baseTasks] };
  return { seed, config: { ...base, train, run: { folder, name: `base-seed${seed}` } } };
}

/** The strategies of a seed, the largest fraction first. */
export function plannedStrategies(transfer: Transfer, seed: number): PlannedStrategy[] {
  const { strategies, fractions } = transfer;
  return [...fractions]
    .sort((a, b) => b - a)
    .flatMap((fraction) =>
      strategies.map((strategy) => ({
        strategy,
        seed,
        fraction,
        config: strategyConfig(transfer, strategy, seed, fraction),
      })),
    );
}

/** A task that is trained alone has weight 1: there is nothing to weigh it against. */
function strategyConfig(transfer: Transfer, strategy: Strategy, seed: number, fraction: number): Config {
  const { whole, task, baseTasks, folder } = transfer;
  const part = fraction === 1 ? '' : `-${fraction}`;
  const run = { folder, name: `${strategy}${part}-seed${seed}` };
  if (strategy === 'retrain-all') {
    return { ...whole, train: { ...whole.train, seed, tasks: [...baseTasks, task] }, run };
  }
  const alone = { ...whole.tasks[task]!, weight: 1 };
  return {
    ...whole,
    tasks: { ...whole.tasks, [task]: alone },
    train: { ...whole.train, seed, tasks: [task] },
    run,
  };
}
