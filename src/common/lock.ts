/** One process at a time in a folder: a lock file that names its holder, and that a dead holder does not keep. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from './errors.js';
import { onInterrupt } from './interrupted.js';
import { isRunning, startOf } from './processes.js';

export interface Lock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same id; null where the system does not say. */
  readonly started: string | null;
  /** Tells this lock from any other. */
  readonly id: string;
}

const ATTEMPTS = 20;

/** Of a folder, which may not be there yet: the lock file is beside it. `what` is in the folder, such as `the run`. */
export const lockFolder = (folder: string, what: string): Promise<Lock> =>
  acquireLock(join(dirname(folder), `.${basename(folder)}.lock`), `${what} in ${folder}`);

/**
 * `what` is what it is the lock of, for the message. A signal that ends the process releases it.
 * @throws UserError while a living process, or one on another machine, holds it.
 */
export async function acquireLock(path: string, what: string): Promise<Lock> {
  await mkdir(dirname(path), { recursive: true });
  await removeLeft(path);
  const id = randomUUID();
  const holder: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid), id };
  const text = `${JSON.stringify(holder)}\n`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await create(path, text, id)) {
      // At once: threads for it may not be there, where calls to a machine that is lost hold them (`Servers`).
      const remove = () => {
        if (existsSync(path) && readFileSync(path, 'utf8') === text) rmSync(path, { force: true });
      };
      const forget = onInterrupt(remove);
      return {
        async release() {
          forget();
          remove();
        },
      };
    }
    const found = await readFile(path, 'utf8').catch(() => null);
    if (found === null) continue;
    const other = parseHolder(found);
    if (other && isAlive(other)) {
      throw new UserError(
        `Cannot use ${what}: no other process may work in it, got process ${other.pid} on ${other.host} ` +
          `(delete ${path} if that one is gone)`,
      );
    }
    await removeStale(path, found);
    await pause(5 * Math.random());
  }
  throw new UserError(`Cannot use ${what}: its lock ${path} changes hands all the time`);
}

/** What processes have left that were killed while they made a lock. */
async function removeLeft(path: string): Promise<void> {
  const [folder, start] = [dirname(path), `${basename(path)}.`];
  for (const entry of await readdir(folder).catch(() => [])) {
    if (!entry.startsWith(start) || !entry.endsWith('.new')) continue;
    const left = join(folder, entry);
    const holder = parseHolder(await readFile(left, 'utf8').catch(() => ''));
    if (holder && !isAlive(holder)) await rm(left, { force: true });
  }
}

/** With its text from the first moment on, so that nobody takes it for half of one; false where there is one. */
async function create(path: string, text: string, id: string): Promise<boolean> {
  const temporary = `${path}.${id}.new`;
  await writeFile(temporary, text, { flag: 'wx' });
  try {
    await link(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      // A file system may have no hard links.
      await writeFile(path, text, { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** By one process at a time, so that none removes what another has put in its place. */
async function removeStale(path: string, found: string): Promise<void> {
  const removing = await acquireLock(`${path}.removing`, path).catch((error) => {
    if (!(error instanceof UserError)) throw error;
    return null;
  });
  if (!removing) return;
  try {
    if ((await readFile(path, 'utf8').catch(() => null)) === found) await rm(path, { force: true });
  } finally {
    await removing.release();
  }
}

/** Null for what a process that died while writing it left. */
function parseHolder(text: string): Holder | null {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return null;
  }
}

function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  return isRunning(pid) && (started === null || started === startOf(pid));
}
