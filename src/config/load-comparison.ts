/** From the YAML of a comparison to the configs of its rows. */

import { realpath } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../common/errors.js';
import { BASE, comparisonRules } from './comparison-rules.js';
import { type ComparisonFile, comparisonSchema } from './comparison-schema.js';
import { problemsOf } from './issues.js';
import type { JsonSchema } from './json-schema.js';
import { checkTree, type LoadOptions } from './load.js';
import { merge } from './merge.js';
import { applyOverrides } from './overrides.js';
import { preparedHash, preparedSlice } from './prepared-slice.js';
import { configError, type Problem } from './problems.js';
import { type ReadTree, readTree } from './read-tree.js';
import type { Config } from './schema.js';
import { originOf, type Tree, toValue, treeAt } from './yaml-tree.js';

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
  const parsed = read.problems.length > 0 ? null : parse(tree, problems);
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

function parse(tree: Tree, problems: Problem[]): ComparisonFile | null {
  const value = toValue(tree);
  const parsed = comparisonSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const schema = () => z.toJSONSchema(comparisonSchema, { io: 'input' }) as JsonSchema;
  problems.push(...problemsOf(parsed.error.issues, value, tree, schema).problems);
  return null;
}

async function readBase(file: string, baseFile: string, tree: Tree): Promise<ReadTree> {
  try {
    return await readTree(baseFile, [await realpath(file)]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const text = `expected a YAML that can be read: ${error.message}`;
    return { tree, problems: [{ origin: originOf(tree, ['base']), path: 'base', text }] };
  }
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
