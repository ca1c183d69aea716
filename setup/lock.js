/** One process at a time: a lock file that names its holder, taken over when that process is gone. */
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './say.js';

const POLL_MS = 200;
/** A holder touches its file this often. */
const HEARTBEAT_MS = 5_000;
/** A holder that was silent for so long is gone: its number is now that of another process, or it ran elsewhere. */
const SILENT_MS = 60_000;
/** A program that outlives its setup (`npm ci` when only setup was killed) is waited for as long as this. */
const ORPHAN_MS = 600_000;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function isHeld(text, silentMs) {
  let holder;
  try {
    holder = JSON.parse(text);
  } catch {
    // Its holder is about to write its name, or died in that instant.
    return silentMs < HEARTBEAT_MS;
  }
  if (holder.host !== hostname()) return silentMs < SILENT_MS;
  if (holder.child && isAlive(holder.child) && silentMs < ORPHAN_MS) return true;
  return isAlive(holder.pid) && silentMs < SILENT_MS;
}

/** Removes the lock of a holder that is gone; puts back what another took in between. */
function discard(path, text) {
  const aside = `${path}.${process.pid}.dead`;
  renameSync(path, aside);
  if (readFileSync(aside, 'utf8') !== text) linkSync(aside, path);
  rmSync(aside);
}

function tryTake(path, content) {
  try {
    writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    const silentMs = Date.now() - statSync(path).mtimeMs;
    const text = readFileSync(path, 'utf8');
    if (!isHeld(text, silentMs)) discard(path, text);
  } catch (error) {
    // Another was quicker; the next try sees what is there now.
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  return false;
}

/**
 * Runs `work` while holding the lock at `path`; waits for another holder to end. `work` is handed a function that names
 * a program which works on the same files: the lock stays held until that has ended too, even if this process is killed.
 */
export async function withLock(path, work) {
  const content = (child) => JSON.stringify({ pid: process.pid, host: hostname(), child });
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!tryTake(path, content())) {
    if (!told) say(`waiting for another setup to finish (${path})`);
    told = true;
    await sleep(POLL_MS);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch {
      // The file was removed by hand; the work goes on.
    }
  }, HEARTBEAT_MS);
  const release = () => {
    clearInterval(heartbeat);
    rmSync(path, { force: true });
  };
  process.once('exit', release);
  try {
    return await work((child) => writeFileSync(path, content(child)));
  } finally {
    process.removeListener('exit', release);
    release();
  }
}
