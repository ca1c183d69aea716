/** Reads the YAML of an experiment (a comparison, a transfer, a backtest), and the config that it names as its base. */
import { realpath } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../common/errors.js';
import { problemsOf } from './issues.js';
import type { JsonSchema } from './json-schema.js';
import { applyOverrides } from './overrides.js';
import { configError, type Problem } from './problems.js';
import { type ReadTree, readTree } from './read-tree.js';
import type { RuleProblem } from './rule-problem.js';
import { originOf, type Tree, toValue } from './yaml-tree.js';

export interface ReadExperiment<T> {
  /** What the schema gives. */
  readonly parsed: T;
  readonly tree: Tree;
  /** The file of the base, and what it says. */
  readonly baseFile: string;
  readonly base: Tree;
  /** Throws a UserError that lists these problems, with their positions; returns where there are none. */
  refuse(problems: readonly Problem[], rules?: readonly RuleProblem[]): void;
}

/** @throws UserError that lists what is wrong with the file, or that its base cannot be read */
export async function readExperiment<S extends z.ZodType<{ readonly base: string }>>(
  file: string,
  schema: S,
  set: readonly string[],
): Promise<ReadExperiment<z.output<S>>> {
  const read = await readTree(file);
  const { tree, problems } = applyOverrides(read.tree, set, resolve('.'));
  problems.push(...read.problems);
  requireExperiment(file, toValue(tree));
  const parsed = read.problems.length > 0 ? null : parse(schema, tree, problems);
  if (!parsed || problems.length > 0) throw configError(file, problems);
  const baseFile = relative('.', resolve(originOf(tree, ['base']).folder, parsed.base));
  const base = await readBase(file, baseFile, tree);
  const refuse: ReadExperiment<unknown>['refuse'] = (found, rules = []) => {
    const all = [
      ...found,
      ...rules.map(({ path, text }) => ({ origin: originOf(tree, path), path: path.join('.'), text })),
    ];
    if (all.length > 0) throw configError(file, all);
  };
  refuse(base.problems);
  return { parsed, tree, baseFile, base: base.tree, refuse };
}

function requireExperiment(file: string, value: unknown): void {
  const isMap = typeof value === 'object' && value !== null;
  if (!isMap || !('data' in value) || 'base' in value) return;
  throw new UserError(
    `Cannot read ${file}: expected an experiment, which names a config as its \`base\`, got a config itself; write ` +
      `a file with \`base: ${file}\` (configs/ has some of each kind)`,
  );
}

/** Null where there are problems, which are added to the others. */
function parse<S extends z.ZodType>(schema: S, tree: Tree, problems: Problem[]): z.output<S> | null {
  const value = toValue(tree);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const described = () => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  problems.push(...problemsOf(parsed.error.issues, value, tree, described).problems);
  return null;
}

/** A base that cannot be read is a problem of the key that names it. */
async function readBase(file: string, baseFile: string, tree: Tree): Promise<ReadTree> {
  try {
    return await readTree(baseFile, [await realpath(file)]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const text = `expected a YAML that can be read: ${error.message}`;
    return { tree, problems: [{ origin: originOf(tree, ['base']), path: 'base', text }] };
  }
}
