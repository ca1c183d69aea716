/** Checksums of the files of a folder: taken when they are written, compared when they are read. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from './context.js';
import { messageOf } from './errors.js';
import { fileSha256 } from './files.js';

/** Path in a folder -> what was written there. */
export type WrittenFiles = Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;

/** How a file that is written is described. */
export const describeFile = async (path: string): Promise<WrittenFiles[string]> => ({
  bytes: (await stat(path)).size,
  sha256: await fileSha256(path),
});

/** What was found whole in this process: path -> what the file was then. */
const whole = new Map<string, string>();

/**
 * `<path>: <what is wrong>` of every file that is missing or is not what was written; what this process has found whole is
 * not read again unless the file has changed since.
 */
export async function wrongFiles(
  folder: string,
  files: WrittenFiles,
  progress: Progress,
): Promise<readonly string[]> {
  const all = Object.entries(files);
  const bar = progress.start(
    'check files',
    all.reduce((sum, [, { bytes }]) => sum + bytes, 0),
  );
  const wrong: string[] = [];
  try {
    let done = 0;
    for (const [path, { bytes, sha256 }] of all) {
      const problem = await problemOf(join(folder, path), bytes, sha256);
      if (problem !== null) wrong.push(`${path}: ${problem}`);
      done += bytes;
      bar.update(done);
    }
  } finally {
    bar.stop();
  }
  return wrong;
}

async function problemOf(path: string, bytes: number, sha256: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  if (!found) return 'it is missing';
  if (Number(found.size) !== bytes) return `expected ${bytes} bytes, got ${found.size}`;
  const state = [sha256, found.ino, found.mtimeNs, found.ctimeNs].join();
  if (whole.get(path) === state) return null;
  const got = await fileSha256(path).catch(messageOf);
  if (got !== sha256) return `expected sha256 ${sha256}, got ${got}`;
  whole.set(path, state);
  return null;
}
