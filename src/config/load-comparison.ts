/** From the YAML of a comparison to the configs of its rows. */

import { join } from 'node:path';
import { BASE, comparisonRules } from './comparison-rules.js';
import { comparisonSchema } from './comparison-schema.js';
import { checkTree, type LoadOptions } from './load.js';
import { merge } from './merge.js';
import { preparedHash, preparedSlice } from './prepared-slice.js';
import type { Problem } from './problems.js';
import { readExperiment } from './read-experiment.js';
import type { Config } from './schema.js';
import { type Tree, treeAt } from './yaml-tree.js';

export interface Comparison {
  readonly name: string;
  /** Where its runs and tables go. */
  readonly folder: string;
  /** The file of the base. */
  readonly baseFile: string;
  readonly seeds: readonly number[];
  /**
   * `base`, then the variants: name -> config. The `name` of one that asks preprocess for other data than the base is
   * `<name of the base>-<name of the comparison>-<variant>`, which names its prepared data; seed and run are still those of the base.
   */
  readonly configs: ReadonlyMap<string, Config>;
  /** Name -> variants. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** `set` overrides keys of the comparison. Throws a UserError that lists the problems, as `loadConfig` does. */
export async function loadComparison(
  file: string,
  { set = [], env = {} }: LoadOptions = {},
): Promise<Comparison> {
  const { parsed, tree, baseFile, base, refuse } = await readExperiment(file, comparisonSchema, set);
  const problems: Problem[] = [];
  const configs = new Map<string, Config>();
  const check = (name: string, whole: Tree) => {
    const checked = checkTree(whole, name === BASE ? baseFile : file, env.DUPN_DATA_ROOT);
    if (checked.config) configs.set(name, checked.config);
    problems.push(...checked.problems);
  };
  check(BASE, base);
  for (const name of Object.keys(parsed.variants)) {
    if (name !== BASE) check(name, merge(base, treeAt(tree, ['variants', name])!));
  }
  refuse(problems, comparisonRules(parsed, configs));
  const { name, seeds, groups } = parsed;
  const folder = join(configs.get(BASE)!.run.folder, name);
  return { name, folder, baseFile, seeds, configs: withOwnData(configs, name), groups };
}

/** Gives a name of its own to the prepared data of a variant that cannot use that of the base. */
function withOwnData(configs: ReadonlyMap<string, Config>, comparison: string): ReadonlyMap<string, Config> {
  const source = (config: Config) => config.data.root + preparedHash(preparedSlice(config));
  const base = configs.get(BASE)!;
  return new Map(
    [...configs].map(([variant, config]) => [
      variant,
      source(config) === source(base) ? config : { ...config, name: `${base.name}-${comparison}-${variant}` },
    ]),
  );
}
