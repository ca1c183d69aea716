/** The files that the patterns of a table stand for, in the order in which they are read. */

import { stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../../common/errors.js';
import { escapeGlob, quoteLiteral } from '../../common/sql.js';

export interface InputFile {
  /** Absolute. */
  readonly path: string;
  /** As messages and the manifest name it: relative to the root where it lies under that. */
  readonly shownPath: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/**
 * Patterns in the order given, each a file (whatever characters its name has) or a glob (`*`, `?`, `[a-z]`, `**`),
 * whose files come in byte order of their paths. Relative to `root`. A file that two patterns name comes once.
 * @throws UserError for a pattern without a file, and for a folder.
 */
export async function findInputFiles(
  connection: DuckDBConnection,
  table: string,
  patterns: readonly string[],
  root: string,
): Promise<readonly InputFile[]> {
  const found = new Map<string, InputFile>();
  for (const pattern of patterns) {
    for (const path of await expand(connection, table, pattern, root)) {
      if (found.has(path)) continue;
      const { size, mtimeMs } = await stat(path);
      found.set(path, { path, shownPath: showPath(root, path), bytes: size, modifiedMs: mtimeMs });
    }
  }
  return [...found.values()];
}

export function showPath(root: string, path: string): string {
  const inside = relative(root, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}

async function expand(
  connection: DuckDBConnection,
  table: string,
  pattern: string,
  root: string,
): Promise<readonly string[]> {
  const path = resolve(root, pattern);
  const state = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new UserError(`Cannot read the table \`${table}\`: ${error.message}`, { cause: error });
  });
  if (state?.isDirectory()) {
    throw new UserError(
      `Cannot read the table \`${table}\`: required a file or a glob, got the folder ${path}`,
    );
  }
  if (state) return [path];
  if (!/[*?[]/.test(pattern)) {
    throw new UserError(`Cannot read the table \`${table}\`: there is no file ${path}`);
  }
  const glob = resolve(escapeGlob(root), pattern);
  const result = await connection.runAndReadAll(`SELECT file FROM glob(${quoteLiteral(glob)})`);
  const files = result.getRows().map(([file]) => String(file));
  if (files.length === 0) {
    throw new UserError(`Cannot read the table \`${table}\`: no file matches ${path}`);
  }
  return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
