/** Reads the config that a file of experiments names as its base. */
import { realpath } from 'node:fs/promises';
import { UserError } from '../common/errors.js';
import { type ReadTree, readTree } from './read-tree.js';
import { originOf, type Tree } from './yaml-tree.js';

/** `tree` is that of `file`, whose key `base` names `baseFile`: a base that cannot be read is a problem of that key. */
export async function readBase(file: string, baseFile: string, tree: Tree): Promise<ReadTree> {
  try {
    return await readTree(baseFile, [await realpath(file)]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const text = `expected a YAML that can be read: ${error.message}`;
    return { tree, problems: [{ origin: originOf(tree, ['base']), path: 'base', text }] };
  }
}
