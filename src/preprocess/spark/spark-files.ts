/** The files that the patterns of a table stand for, where Spark finds them. */
import { resolve } from 'node:path';
import { UserError } from '../../common/errors.js';
import { isUri } from '../../common/uri.js';
import { type InputFile, showPath } from '../read/input-files.js';
import type { SparkSession } from './session.js';

/** The path as a part of a glob that matches it alone. */
const escapeHadoopGlob = (path: string) => path.replaceAll(/[{}[\]*?\\]/g, '\\$&');

/**
 * Patterns in the order given, each a file, a folder (its files, and not those of folders in it) or a glob of Hadoop (`*`, `?`, `[a-z]`,
 * `{a,b}`), whose files come in byte order of their paths; without a scheme, relative to `root` on this machine's disk. A
 * file that two patterns name comes once. `path` of each is that for Spark.
 * @throws UserError for a pattern without a file
 */
export async function findSparkFiles(
  spark: Pick<SparkSession, 'list'>,
  table: string,
  patterns: readonly string[],
  root: string,
): Promise<readonly InputFile[]> {
  const found = new Map<string, InputFile>();
  for (const pattern of patterns) {
    const [path, glob] = isUri(pattern)
      ? [pattern, pattern]
      : [`file:${resolve(root, pattern)}`, `file:${resolve(escapeHadoopGlob(root), pattern)}`];
    const files = await spark.list(path, glob);
    if (files.length === 0) {
      const shown = isUri(pattern) ? pattern : resolve(root, pattern);
      throw new UserError(
        `Cannot read the table \`${table}\`: Spark finds no file ${shown} (names that start with _ or . are left out, ` +
          'and folders that a glob matches: end it with /* for the files in them)',
      );
    }
    for (const { path, bytes, modifiedMs } of files) {
      if (found.has(path)) continue;
      const local = /^file:\/*(\/.*)$/s.exec(path)?.[1];
      const shownPath = local === undefined ? path : showPath(root, local);
      found.set(path, { path, shownPath, bytes, modifiedMs });
    }
  }
  return [...found.values()];
}
