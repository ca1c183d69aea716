/** The short version of `npm run torture`, without the experiments. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { start } from '../setup/node-process.js';
import { cases } from '../thorough.js';

const run = fileURLToPath(new URL('run.js', import.meta.url));

test('commands that are killed at random moments end as if nothing had been', async () => {
  const names = cases(['train'], ['preprocess', 'checkpoint']);
  const { code, output } = await start([run, '--kills', '2', ...names]).ended;
  expect([code, output]).toEqual([0, expect.any(String)]);
  for (const name of names) {
    expect(output).toMatch(new RegExp(`^${name} \\(.*always as without an interruption$`, 'm'));
  }
});
