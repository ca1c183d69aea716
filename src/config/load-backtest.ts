/** From the YAML of a backtest to the configs of its days. */
import { join, relative, resolve } from 'node:path';
import type { BacktestModel } from '../common/backtest-models.js';
import { backtestSchema } from './backtest-schema.js';
import { checkTree, type LoadOptions } from './load.js';
import { merge } from './merge.js';
import { applyOverrides } from './overrides.js';
import { parseTree } from './parse-tree.js';
import { configError } from './problems.js';
import { readBase } from './read-base.js';
import { readTree } from './read-tree.js';
import type { Config } from './schema.js';
import { under } from './under.js';
import { originOf, treeAt } from './yaml-tree.js';

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
  const read = await readTree(file);
  const { tree, problems } = applyOverrides(read.tree, set, resolve('.'));
  problems.push(...read.problems);
  const parsed = read.problems.length > 0 ? null : parseTree(backtestSchema, tree, problems);
  if (!parsed || problems.length > 0) throw configError(file, problems);
  const baseFile = relative('.', resolve(originOf(tree, ['base']).folder, parsed.base));
  const baseTree = await readBase(file, baseFile, tree);
  problems.push(...baseTree.problems);
  if (problems.length > 0) throw configError(file, problems);

  const base = checkTree(baseTree.tree, baseFile, env.DUPN_DATA_ROOT);
  const changed = treeAt(tree, ['update']);
  const whole = changed ? merge(baseTree.tree, under('train', changed)) : baseTree.tree;
  const update = checkTree(whole, baseFile, env.DUPN_DATA_ROOT);
  if (!base.config || !update.config) {
    throw configError(file, base.config ? update.problems : base.problems);
  }
  const problem = (path: readonly string[], text: string) =>
    problems.push({ origin: originOf(tree, path), path: path.join('.'), text });
  for (const key of ['seed', 'tasks'].filter((key) => key in (parsed.update ?? {}))) {
    problem(['update', key], 'expected none: all runs have the seed and the tasks of the backtest');
  }
  if (!/^\d{4}-\d{2}-\d{2}$/.test(parsed.from)) {
    problem(['from'], `expected a day, such as 2026-01-15, got ${parsed.from}`);
  }
  if (new Set(parsed.models).size < parsed.models.length) {
    problem(['models'], `expected distinct models, got ${parsed.models.join(', ')}`);
  }
  if (problems.length > 0) throw configError(file, problems);
  const { name, from, models, seed, run } = parsed;
  return {
    ...{ name, models, seed, baseFile },
    folder: join(run.folder ?? base.config.run.folder, run.name ?? name),
    days: Array.from({ length: parsed.days }, (_, at) => dayAfter(from, at)),
    base: base.config,
    update: update.config,
  };
}

/** The calendar day that is `days` after another one. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}
