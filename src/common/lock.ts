/** One process at a time in a folder: a lock file that names its holder, and that a dead holder does not keep. */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { UserError } from './errors.js';

export interface Lock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same id; null where the system does not say. */
  readonly started: string | null;
}

const ATTEMPTS = 5;

/** @throws UserError while a living process, or one on another machine, holds it. */
export async function acquireLock(path: string): Promise<Lock> {
  await mkdir(dirname(path), { recursive: true });
  const holder: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const text = `${JSON.stringify(holder)}\n`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await writeFile(path, text, { flag: 'wx' });
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const found = await readFile(path, 'utf8').catch(() => null);
    if (found === null) continue;
    const other = parseHolder(found);
    if (other && isAlive(other)) {
      throw new UserError(
        `Cannot use ${dirname(path)}: no other process may work in it, got process ${other.pid} on ${other.host} ` +
          `(delete ${path} if that one is gone)`,
      );
    }
    // Renamed rather than removed: of two processes that find the dead one, one gets it and the other tries again.
    const stale = `${path}.${process.pid}.stale`;
    await rename(path, stale).catch(() => undefined);
    await rm(stale, { force: true });
  }
  throw new UserError(`Cannot use ${dirname(path)}: its lock ${path} changes hands all the time`);
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
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return started === null || started === startOf(pid);
}

/** When a process started, in ticks since the machine did: field 22 of /proc/<pid>/stat, after the command in brackets. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
