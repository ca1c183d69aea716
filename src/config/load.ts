/** From a YAML file, its flags and the environment to the one frozen config that every command works with. */
import { dirname, resolve } from 'node:path';
import { problemsOf } from './issues.js';
import { normalise } from './normalise.js';
import type { Path } from './origin.js';
import { applyOverrides, SET_RANK } from './overrides.js';
import { configError, type Problem } from './problems.js';
import { readTree } from './read-tree.js';
import { checkRules } from './rules.js';
import { type Config, type ConfigInput, configSchema } from './schema.js';
import { keyOriginOf, originOf, parseYaml, type Tree, toValue } from './yaml-tree.js';

export interface LoadOptions {
  /** `dotted.key=value`, later ones winning. */
  readonly set?: readonly string[];
  /** Read for DUPN_DATA_ROOT, which wins over the files and not over `set`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Throws a UserError that lists every problem found, each with its file, line and column. */
export async function loadConfig(file: string, { set = [], env = {} }: LoadOptions = {}): Promise<Config> {
  const read = await readTree(file);
  const { tree, problems } = applyOverrides(read.tree, set, resolve('.'));
  if (read.problems.length > 0) throw configError(file, [...read.problems, ...problems]);
  return accept(checkTree(tree, file, env.DUPN_DATA_ROOT), file, problems);
}

/** The same for a YAML (or JSON) text that stands for `file`, without `extends`. */
export function parseConfig(text: string, file: string): Config {
  const { tree, problems } = parseYaml(text, file, dirname(resolve(file)), 0);
  if (!tree) throw configError(file, problems);
  return accept(checkTree(tree, file, undefined), file, []);
}

export interface Checked {
  /** Null where there are problems. */
  readonly config: Config | null;
  readonly problems: readonly Problem[];
}

function accept({ config, problems }: Checked, file: string, earlier: readonly Problem[]): Config {
  if (config && earlier.length === 0) return config;
  throw configError(file, [...earlier, ...problems]);
}

/** The config of a tree that stands for `file`; `envRoot` is that of the environment. */
export function checkTree(tree: Tree, file: string, envRoot: string | undefined): Checked {
  const value = toValue(tree);
  const parsed = configSchema.safeParse(value);
  const { problems: all, paths } = problemsOf(parsed.error?.issues ?? [], value, tree);
  // The rules are checked on what is left without the values at fault, so that one run lists all problems.
  const rest = parsed.success ? value : without(value, paths);
  const salvaged = parsed.success ? parsed : configSchema.safeParse(rest);
  if (salvaged.success) {
    const config = normalise(salvaged.data, dataRoot(tree, salvaged.data.data.root, file, envRoot));
    for (const { path, others, text } of checkRules(config, rest as ConfigInput)) {
      const readsBroken = [path, ...others].some((read) => paths.some((broken) => overlap(read, broken)));
      if (!readsBroken) all.push({ origin: originOf(tree, path), path: path.join('.'), text });
    }
    if (all.length === 0) return { config: deepFreeze(config), problems: [] };
  }
  return { config: null, problems: all };
}

/** Absolute: from the flag, else the environment, else relative to the YAML that names it (or the log). */
function dataRoot(tree: Tree, root: string, file: string, envRoot: string | undefined): string {
  const named = keyOriginOf(tree, ['data', 'root']) !== undefined;
  const origin = originOf(tree, named ? ['data', 'root'] : ['data', 'log', 'files']);
  const isFlag = origin.rank === SET_RANK;
  if (envRoot && !(named && isFlag)) return resolve(envRoot);
  return resolve(isFlag && !named ? dirname(file) : origin.folder, root);
}

function without(value: unknown, paths: readonly Path[]): unknown {
  const copy = structuredClone(value);
  for (const path of paths) {
    // An element is not taken out of its list: the list goes.
    const list = path.findIndex((part) => typeof part === 'number');
    const keys = list < 0 ? path : path.slice(0, list);
    let at = copy as Record<string, unknown> | undefined;
    for (const key of keys.slice(0, -1)) at = at?.[key] as Record<string, unknown> | undefined;
    if (at && keys.length > 0) delete at[keys.at(-1)!];
  }
  return copy;
}

/** One path leads to a part of what the other leads to. */
function overlap(a: Path, b: Path): boolean {
  return a.slice(0, b.length).every((part, index) => part === b[index]);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
