/** From the YAML of a comparison to the configs of its rows. */

import { join, relative, resolve } from 'node:path';
import { BASE, comparisonRules } from './comparison-rules.js';
import { comparisonSchema } from './comparison-schema.js';
import { checkTree, type LoadOptions } from './load.js';
import { merge } from './merge.js';
import { applyOverrides } from './overrides.js';
import { parseTree } from './parse-tree.js';
import { preparedHash, preparedSlice } from './prepared-slice.js';
import { configError } from './problems.js';
import { readBase } from './read-base.js';
import { readTree } from './read-tree.js';
import type { Config } from './schema.js';
import { originOf, type Tree, treeAt } from './yaml-tree.js';

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
  const read = await readTree(file);
  const { tree, problems } = applyOverrides(read.tree, set, resolve('.'));
  problems.push(...read.problems);
  const parsed = read.problems.length > 0 ? null : parseTree(comparisonSchema, tree, problems);
  if (!parsed || problems.length > 0) throw configError(file, problems);
  const baseFile = relative('.', resolve(originOf(tree, ['base']).folder, parsed.base));
  const base = await readBase(file, baseFile, tree);
  problems.push(...base.problems);
  if (problems.length > 0) throw configError(file, problems);

  const configs = new Map<string, Config>();
  const check = (name: string, whole: Tree) => {
    const checked = checkTree(whole, name === BASE ? baseFile : file, env.DUPN_DATA_ROOT);
    if (checked.config) configs.set(name, checked.config);
    problems.push(...checked.problems);
  };
  check(BASE, base.tree);
  for (const name of Object.keys(parsed.variants)) {
    if (name !== BASE) check(name, merge(base.tree, treeAt(tree, ['variants', name])!));
  }
  for (const { path, text } of comparisonRules(parsed, configs)) {
    problems.push({ origin: originOf(tree, path), path: path.join('.'), text });
  }
  if (problems.length > 0) throw configError(file, problems);
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
