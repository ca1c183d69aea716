import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { openExposures } from '../../src/serving/exposures.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-exposures-'));
});
afterAll(() => rm(folder, { recursive: true }));

const { logger } = silentContext;
const exposure = (at: number) => ({
  time: '2026-01-10T12:00:00.000Z',
  user: `u${at}`,
  variant: 'a',
  tasks: ['ctr'],
});
const usersIn = async (path: string) =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).user);
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `u${from + at}`);

test('every line arrives, in the file that was renamed or in the new one, and what was there stays', async () => {
  const path = join(folder, 'logs/exposures.jsonl');
  const old = join(folder, 'logs/older.jsonl');
  const log = await openExposures(path, logger);
  for (let at = 0; at < 2500; at++) log.add(exposure(at));
  await rename(path, old);
  for (let at = 2500; at < 2600; at++) log.add(exposure(at));
  await log.reopen();
  for (let at = 2600; at < 2700; at++) log.add(exposure(at));
  await log.close();
  expect(await usersIn(old)).toEqual(numbers(0, 2600));
  expect(await usersIn(path)).toEqual(numbers(2600, 2700));
  const again = await openExposures(path, logger);
  again.add(exposure(2700));
  await again.close();
  expect(await usersIn(path)).toEqual(numbers(2600, 2701));
  expect(log.lost).toBe(0);
});

test('a file that cannot be written is refused', async () => {
  await expect(openExposures(folder, logger)).rejects.toThrow(`Cannot write exposures to ${folder}: `);
});

test('a line that was cut off is ended before the next one begins', async () => {
  const path = join(folder, 'cut.jsonl');
  await writeFile(path, '{"user":"u1"}\n{"us');
  const log = await openExposures(path, logger);
  log.add(exposure(2));
  await log.close();
  const lines = (await readFile(path, 'utf8')).split('\n');
  expect(lines).toEqual(['{"user":"u1"}', '{"us', JSON.stringify(exposure(2)), '']);
});

test.runIf(existsSync('/dev/full'))('what a full disk does not take is counted, and told once', async () => {
  const told: string[] = [];
  const log = await openExposures('/dev/full', { ...logger, error: (_, message) => void told.push(message) });
  for (let at = 0; at < 2500; at++) log.add(exposure(at));
  await log.close();
  expect(log.lost).toBe(2500);
  expect(told).toEqual(['exposures are lost']);
});
