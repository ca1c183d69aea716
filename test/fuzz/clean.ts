/** What a command may do with input that is wrong: say so, where and what to do, and leave nothing behind elsewhere. */
import { readdir } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Output } from '../cli/collect-output.js';

/** Done, or a message for the user: never a fault of ours, never a stack. */
export function expectClean({ code, stderr }: Output): void {
  expect([code === 0 || code === 2, stderr.slice(0, 3000)]).toEqual([true, expect.anything()]);
  if (code !== 0) expect(stderr).not.toMatch(/\n {4}at |^\w*Error:|undefined|\[object Object\]/);
  if (code === 2) expect(stderr).toMatch(/^\S/m);
}

/** Every line of what is wrong with a config has a place. */
export function expectPlaces(stderr: string): void {
  const lines = stderr.trimEnd().split('\n');
  const start = lines.findIndex((line) => line.startsWith('Cannot use the config'));
  expect(lines[start]).toMatch(/^Cannot use the config .*: (one problem|\d+ problems)$/);
  const problems = lines.slice(start + 1);
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) expect(problem).toMatch(/^ {2}(\S+:\d+:\d+.*: .|and \d+ more$)/);
}

/** Everything below a folder but what is below `but`. */
export async function entriesOf(folder: string, but: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries
    .filter((entry) => !but.some((other) => entry === other || entry.startsWith(`${other}/`)))
    .sort();
}
