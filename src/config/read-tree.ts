/** Reads a config file, and the files that it extends, as one tree. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { messageOf, UserError } from '../common/errors.js';
import { describeValue } from './issues.js';
import { merge } from './merge.js';
import type { Problem } from './problems.js';
import { type MapTree, parseYaml, type Tree, toValue } from './yaml-tree.js';

/** Far beyond any config: a log given by mistake is not read whole. */
const MAX_BYTES = 1_000_000;

export interface ReadTree {
  readonly tree: Tree;
  readonly problems: readonly Problem[];
}

/**
 * The tree of a file laid over that of the file which it extends, and so on. `chain` are the files that led to it.
 * @throws UserError when the file cannot be read
 */
export async function readTree(file: string, chain: readonly string[] = []): Promise<ReadTree> {
  return readOver(file, await readText(file), chain);
}

async function readOver(file: string, text: string, chain: readonly string[]): Promise<ReadTree> {
  const { tree, problems } = parseYaml(text, file, dirname(resolve(file)), chain.length);
  if (!tree) return { tree: emptyMap(file), problems };
  if (tree.kind !== 'map') {
    const text = `expected a map of keys, got ${toValue(tree) === null ? 'an empty file' : describeValue(toValue(tree))}`;
    return { tree: emptyMap(file), problems: [{ origin: tree.origin, path: '', text }] };
  }
  const base = tree.entries.get('extends')?.value;
  if (!base) return { tree, problems };
  const own: MapTree = {
    ...tree,
    entries: new Map([...tree.entries].filter(([name]) => name !== 'extends')),
  };
  const failed = (expected: string): ReadTree => ({
    tree: own,
    problems: [{ origin: base.origin, path: 'extends', text: `expected ${expected}` }],
  });
  if (base.kind !== 'scalar' || typeof base.value !== 'string') {
    return failed(`the path of another YAML, got ${describeValue(toValue(base))}`);
  }
  const baseFile = isAbsolute(base.value) ? base.value : join(dirname(file), base.value);
  const longerChain = [...chain, await realpath(file)];
  try {
    const baseText = await readText(baseFile);
    if (longerChain.includes(await realpath(baseFile))) {
      const circle = [...longerChain.map((link) => relative('.', link)), baseFile].join(' -> ');
      return failed(`files that do not extend each other in a circle, got ${circle}`);
    }
    const below = await readOver(baseFile, baseText, longerChain);
    return { tree: merge(below.tree, own), problems: below.problems };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return failed(`a YAML that can be read: ${error.message}`);
  }
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= MAX_BYTES) return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`Cannot read the config ${file}: ${readFailure(error)}`, { cause: error });
  }
  throw new UserError(`Cannot read the config ${file}: at most ${MAX_BYTES} bytes, got a larger file`);
}

function readFailure(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return messageOf(error);
  }
}

function emptyMap(file: string): MapTree {
  const origin = { label: file, folder: dirname(resolve(file)), rank: 0, offset: 0 };
  return { kind: 'map', origin, entries: new Map() };
}
