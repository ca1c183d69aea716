/** Files and folders that appear whole or not at all: written under a temporary name beside their place, then renamed. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, rmSync, writeSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { onInterrupt } from './interrupted.js';
import { temporaryBeside } from './temporary-name.js';

/** Writes the file, in the place of an older one; its folder is made where it is missing. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = await temporaryBeside(path);
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw withPath(error, path);
  }
  await syncToDisk(folder);
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Lets `fill` write into a temporary folder, then puts that in the place of `folder`. One writer at a time:
 * what an earlier one left half done is removed.
 */
export async function replaceFolder(
  place: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  // The working folder has a place beside it too.
  const folder = resolve(place);
  await recoverFolder(folder);
  const temporary = newFolder(folder);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const forget = onInterrupt(() => rmSync(temporary, { recursive: true, force: true }));
  try {
    await fill(temporary);
    for (const entry of await readdir(temporary, { recursive: true, withFileTypes: true })) {
      await syncToDisk(join(entry.parentPath, entry.name));
    }
    await syncToDisk(temporary);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw withPath(error, folder);
  } finally {
    forget();
  }
  const previous = besideFolder(folder, 'previous');
  try {
    await putInPlace(temporary, folder, previous);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    await recoverFolder(folder);
    throw error;
  }
  await syncToDisk(dirname(folder));
  await rm(previous, { recursive: true, force: true });
}

/** A reader that meets no folder between the two renames may put the older one back (`recoverFolder`). */
async function putInPlace(temporary: string, folder: string, previous: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    if (existsSync(folder)) await rename(folder, previous);
    try {
      await rename(temporary, folder);
      return;
    } catch (error) {
      if (attempt === 5 || !['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code!))
        throw error;
    }
  }
}

/** An error with the path that it is about: Node names none where a write to an open file fails. */
export function withPath(error: unknown, path: string): unknown {
  if (error instanceof Error && 'code' in error && !('path' in error)) Object.assign(error, { path });
  return error;
}

/** Puts the older folder back where a process died in the instant between the two renames of `replaceFolder`. */
export async function recoverFolder(folder: string): Promise<void> {
  const previous = besideFolder(folder, 'previous');
  if (!existsSync(previous)) return;
  if (existsSync(folder)) {
    await rm(previous, { recursive: true, force: true }).catch((error: NodeJS.ErrnoException) => {
      // Who may only read the folder can do without.
      if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code!)) throw error;
    });
    return;
  }
  await rename(previous, folder).catch((error: NodeJS.ErrnoException) => {
    // The writer is alive, and was faster.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code!)) throw error;
  });
}

/** Whoever looks finds all of it or nothing, even where the process dies meanwhile; `finishRemoval` takes what is left then. */
export async function removeFolder(folder: string): Promise<void> {
  await finishRemoval(folder);
  await rename(folder, besideFolder(folder, 'removed')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await finishRemoval(folder);
}

export const finishRemoval = (folder: string): Promise<void> =>
  rm(besideFolder(folder, 'removed'), { recursive: true, force: true });

/** A folder beside a file that is being made, for its parts. */
export interface Workshop {
  readonly folder: string;
  /** Moves a file that is whole, by its name in the folder, to its place, where an older one goes. */
  putInPlace(name: string, path: string): Promise<void>;
  /** With all that is in it. */
  remove(): Promise<void>;
}

/** The folder of `path` is made where it is missing. An interruption removes what is there by then. */
export async function openWorkshop(path: string): Promise<Workshop> {
  await mkdir(dirname(path), { recursive: true });
  const folder = await temporaryBeside(path);
  await mkdir(folder);
  const forget = onInterrupt(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    async putInPlace(name, target) {
      await syncToDisk(join(folder, name));
      await rename(join(folder, name), target);
      await syncToDisk(dirname(target));
    },
    async remove() {
      forget();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An empty folder beside the given one while `run` works, then gone, after an interruption too; what a process that was killed left in it goes first. */
export async function withWorkFolder<T>(folder: string, run: (work: string) => Promise<T>): Promise<T> {
  const work = besideFolder(resolve(folder), 'work');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const forget = onInterrupt(() => rmSync(work, { recursive: true, force: true }));
  try {
    return await run(work);
  } finally {
    forget();
    await rm(work, { recursive: true, force: true });
  }
}

/** Hexadecimal; the file is read as a stream. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Where `replaceFolder` lets `fill` write. */
export const newFolder = (folder: string): string => besideFolder(resolve(folder), 'new');

function besideFolder(folder: string, role: 'new' | 'previous' | 'removed' | 'work'): string {
  return join(dirname(folder), `.${basename(folder)}.${role}`);
}

async function syncToDisk(path: string): Promise<void> {
  // Windows cannot open a folder to sync it, and needs no such thing.
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (process.platform === 'win32') return null;
    throw error;
  });
  try {
    await file?.sync();
  } finally {
    await file?.close();
  }
}

/** All bytes, in as many writes as that takes: at `position`, or where the file stands. */
export function writeWhole(file: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, position === null ? null : position + done);
  }
}
