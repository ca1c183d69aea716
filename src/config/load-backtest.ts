/** From the YAML of a backtest to the configs of its days. */
import { join } from 'node:path';
import type { z } from 'zod';
import { activeTasks } from '../common/active-tasks.js';
import type { BacktestModel } from '../common/backtest-models.js';
import { backtestSchema } from './backtest-schema.js';
import { checkTree, type LoadOptions } from './load.js';
import { merge } from './merge.js';
import { readExperiment } from './read-experiment.js';
import { problem, type RuleProblem } from './rule-problem.js';
import type { Config } from './schema.js';
import { under } from './under.js';
import { treeAt } from './yaml-tree.js';

export interface Backtest {
  readonly name: string;
  /** Where its runs and its report go. */
  readonly folder: string;
  /** The file of the base. */
  readonly baseFile: string;
  readonly models: readonly BacktestModel[];
  readonly seed: number;
  /** The days that are measured, YYYY-MM-DD. */
  readonly days: readonly string[];
  readonly base: Config;
  /** The base with the `train` of the updates. */
  readonly update: Config;
}

/** `set` overrides keys of the backtest. Throws a UserError that lists the problems, as `loadConfig` does. */
export async function loadBacktest(
  file: string,
  { set = [], env = {} }: LoadOptions = {},
): Promise<Backtest> {
  const experiment = await readExperiment(file, backtestSchema, set);
  const { parsed, tree, baseFile, refuse } = experiment;
  const base = checkTree(experiment.base, baseFile, env.DUPN_DATA_ROOT);
  const changed = treeAt(tree, ['update']);
  const whole = changed ? merge(experiment.base, under('train', changed)) : experiment.base;
  const update = checkTree(whole, baseFile, env.DUPN_DATA_ROOT);
  refuse(base.config ? update.problems : base.problems);
  refuse([], backtestRules(parsed, base.config!));
  const { name, from, models, seed, run } = parsed;
  return {
    ...{ name, models, seed, baseFile },
    folder: join(run.folder ?? base.config!.run.folder, run.name ?? name),
    days: Array.from({ length: parsed.days }, (_, at) => dayAfter(from, at)),
    base: base.config!,
    update: update.config!,
  };
}

function backtestRules(
  { from, models, update = {} }: z.output<typeof backtestSchema>,
  base: Config,
): RuleProblem[] {
  const derived = Object.entries(activeTasks(base)).flatMap(([task, { labels }]) => (labels ? [task] : []));
  return [
    ...['seed', 'tasks']
      .filter((key) => key in update)
      .map((key) =>
        problem(['update', key], 'expected none: all runs have the seed and the tasks of the backtest'),
      ),
    ...(/^\d{4}-\d{2}-\d{2}$/.test(from)
      ? []
      : [problem(['from'], `expected a day, such as 2026-01-15, got ${from}`)]),
    ...(new Set(models).size < models.length
      ? [problem(['models'], `expected distinct models, got ${models.join(', ')}`)]
      : []),
    ...(models.includes('retrained') && derived.length > 0
      ? [problem(['models'], withoutRetrained(derived, models))]
      : []),
  ];
}

/**
 * An update has the samples whose horizon ends in its day, as they are known then; the evaluation part of a preparation has
 * those that are asked in it.
 */
function withoutRetrained(derived: readonly string[], models: readonly BacktestModel[]): string {
  const others = models.filter((model) => model !== 'retrained');
  const rest = others.length > 0 ? others : (['updated', 'stale'] as const);
  return (
    `expected no retrained: the labels of ${derived.join(', ')} come from the log, and it would be measured on other samples ` +
    `than the models that learn day by day; leave it out, as in models: [${rest.join(', ')}]`
  );
}

/** The calendar day that is `days` after another one. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}
