/**
 * Runs a command that is killed at random moments, and called again as its user would, until it comes to its end: what it
 * leaves then, and what it leaves whole each time, is compared with an uninterrupted run.
 */
import { existsSync, watch } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startDupn } from '../tiny-world.js';

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {readonly string[]} command what is called, again after each kill
 * @property {() => void} reset removes what the command makes
 * @property {() => void} checkWhole throws where something is damaged, after a kill
 * @property {() => boolean} isHalf whether something was being written when it was killed
 * @property {() => Readonly<Record<string, string>>} result what is left at the end, by name
 * @property {string} [moment] kills come soon after something in this folder changes, not at any time
 * @property {readonly NodeJS.Signals[]} [signals] which are drawn from; by default SIGKILL alone
 */

/** How soon after a change in the folder of `moment` the kill comes, at most. */
const MOMENT_MS = 250;

/** Runs it to its end; how it ended, and how long it took. */
async function runToEnd(command) {
  const startMs = performance.now();
  const child = startDupn(...command);
  const ended = await endOf(child);
  return { ...ended, ms: performance.now() - startMs };
}

const endOf = (child) =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));

/**
 * Kills the command of a scenario so many times, or for so long.
 * @param {Scenario} scenario
 * @param {{ random: { uniform(): number }, kills: number, untilMs?: number, say?: (text: string) => void }} options
 * @returns the kills by signal, how many of them came while something was written, and the ends that were compared with the uninterrupted run
 */
export async function torture(
  scenario,
  { random, kills, untilMs = Number.POSITIVE_INFINITY, say = () => {} },
) {
  const { name, command, reset, checkWhole, isHalf, result, moment, signals = ['SIGKILL'] } = scenario;
  reset();
  const whole = await runToEnd(command);
  if (whole.code !== 0)
    throw new Error(`${name}: the uninterrupted run ended with ${whole.code ?? whole.signal}`);
  const expected = result();
  const bySignal = {};
  let [killed, half, ends] = [0, 0, 0];
  reset();
  while (killed < kills && performance.now() < untilMs) {
    const child = startDupn(...command);
    const ended = endOf(child);
    let over = false;
    void ended.then(() => {
      over = true;
    });
    const signal = signals[Math.floor(random.uniform() * signals.length)];
    if (moment) await changeIn(moment, () => over);
    await Promise.race([pause(random.uniform() * (moment ? MOMENT_MS : 1.1 * whole.ms)), ended]);
    child.kill(signal);
    const { code, signal: by } = await ended;
    if (code === 0) {
      ends++;
      compare(name, result(), expected);
      reset();
      continue;
    }
    if (by === null && code < 128) throw new Error(`${name}: after ${killed} kills it ended with ${code}`);
    killed++;
    bySignal[signal] = (bySignal[signal] ?? 0) + 1;
    if (isHalf()) half++;
    checkWhole();
    if (killed % 10 === 0) say(`${name}: ${killed} kills, ${ends} ends compared`);
  }
  const last = await runToEnd(command);
  if (last.code !== 0)
    throw new Error(`${name}: after ${killed} kills it ended with ${last.code ?? last.signal}`);
  compare(name, result(), expected);
  return { name, kills: killed, half, bySignal, ends: ends + 1, seconds: whole.ms / 1000 };
}

/** Waits until something in a folder changes, which may not be there yet, or until it is over. */
async function changeIn(folder, isOver) {
  while (!existsSync(folder) && !isOver()) await pause(5);
  if (isOver()) return;
  const watcher = watch(folder);
  let changed = false;
  watcher.once('change', () => {
    changed = true;
  });
  while (!changed && !isOver()) await pause(1);
  watcher.close();
}

function compare(name, got, expected) {
  for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
    if (got[key] !== expected[key]) {
      throw new Error(`${name}: ${key} is ${got[key]}, and was ${expected[key]} without an interruption`);
    }
  }
}
