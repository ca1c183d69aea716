import { existsSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { startSetup } from './node-process.js';

let folder: string;
let path: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dupn-setup-'));
  path = join(folder, 'lock');
  log = join(folder, 'log');
});

/** A process that runs `body` while it holds the lock; `note(text)` appends to the log. */
const holder = (body: string) =>
  startSetup(
    'lock.js',
    `const { appendFileSync } = await import('node:fs');
     const { spawn } = await import('node:child_process');
     const { setTimeout: sleep } = await import('node:timers/promises');
     const note = (text) => appendFileSync(${JSON.stringify(log)}, text);
     await setup.withLock(${JSON.stringify(path)}, async (guard) => { ${body} });`,
  );

const logText = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');

async function until(condition: () => boolean) {
  while (!condition()) await sleep(20);
}

/** A lock file as another process left it, untouched for so long. */
function leave(content: string, silentSeconds: number) {
  writeFileSync(path, content);
  const then = Date.now() / 1000 - silentSeconds;
  utimesSync(path, then, then);
}

test('three at once work one after the other', async () => {
  const body = `note('in '); await sleep(200); note('out ');`;
  const ended = await Promise.all([1, 2, 3].map(() => holder(body).ended));
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(logText()).toBe('in out in out in out ');
  expect(existsSync(path)).toBe(false);
});

test('the lock of a killed process is taken over, by one of those who wait at a time', async () => {
  const killed = holder(`note('killed '); await sleep(60_000);`);
  await until(() => logText() !== '');
  const waiting = [1, 2, 3].map(() => holder(`note('in '); await sleep(100); note('out ');`));
  killed.kill('SIGKILL');
  await Promise.all(waiting.map(({ ended }) => ended));
  expect(logText()).toBe('killed in out in out in out ');
  expect(existsSync(path)).toBe(false);
});

test('what a killed process left running is waited for', async () => {
  const killed = holder(
    `guard(spawn(process.execPath, ['-e', 'setTimeout(() => require("fs").appendFileSync(${JSON.stringify(log)}, "npm "), 1500)']).pid);
     note('killed '); await sleep(60_000);`,
  );
  await until(() => logText() !== '');
  killed.kill('SIGKILL');
  await killed.ended;
  await holder(`note('next');`).ended;
  expect(logText()).toBe('killed npm next');
});

test('a lock is released when the work throws', async () => {
  const { code, output } = await holder(`throw new Error('no');`).ended;
  expect(code).toBe(1);
  expect(output).toContain('Error: no');
  expect(existsSync(path)).toBe(false);
});

test.each([
  ['an empty file, its writer killed in that instant', '', 10],
  ['a process number that is now of another', JSON.stringify({ pid: process.pid, host: hostname() }), 90],
  ['a machine that is gone', JSON.stringify({ pid: process.pid, host: 'elsewhere' }), 90],
])('%s holds nobody up', async (_, content, silentSeconds) => {
  leave(content, silentSeconds);
  await holder(`note('in');`).ended;
  expect(logText()).toBe('in');
});

test.each([
  ['a living process', JSON.stringify({ pid: process.pid, host: hostname() })],
  ['another machine', JSON.stringify({ pid: 1 << 30, host: 'elsewhere' })],
])('the lock of %s is waited for', async (_, content) => {
  leave(content, 20);
  const waiting = holder(`note('in');`);
  await sleep(1000);
  expect(logText()).toBe('');
  waiting.kill('SIGKILL');
  expect((await waiting.ended).output).toContain('waiting for another setup to finish');
  expect(readFileSync(path, 'utf8')).toBe(content);
});
