import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runMain } from '../cli/collect-output.js';
import { randomWorld, writeWorld } from '../preprocess/world.js';
import { FUZZ_TIMEOUT_MS, fuzz } from './budget.js';
import { changed, changesWith, keysOf } from './changes.js';
import { entriesOf, expectClean, expectPlaces } from './clean.js';
import { applyCuts, yamlCuts } from './damage.js';

let folder: string;
let text: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-fuzz-'));
  text = `${await writeWorld(join(folder, 'data'), randomWorld(1, 80))}
preprocess: { folder: ${join(folder, 'out')}, threads: 1 }
`;
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs validate, and preprocess where that is `whole`, on a config; both have to end cleanly and write below out/ alone. */
async function check(config: string | Uint8Array, whole: boolean): Promise<void> {
  const file = join(folder, 'config.yaml');
  await writeFile(file, config);
  const before = await entriesOf(folder, ['out']);
  const kept = ['--set', `preprocess.folder=${join(folder, 'out')}`, '--log-level', 'silent'];
  const commands = whole ? ['validate', 'preprocess'] : ['validate'];
  for (const command of commands) {
    const output = await runMain([command, '-c', file, ...kept]);
    expectClean(output);
    if (output.stderr.includes('Cannot use the config')) {
      expectPlaces(output.stderr);
      break;
    }
  }
  await rm(join(folder, 'out'), { recursive: true, force: true });
  expect(await entriesOf(folder, ['out'])).toEqual(before);
}

it(
  'a config with damaged text ends in a message with places, or does what it says',
  () =>
    fuzz(
      'config text',
      60,
      fc.asyncProperty(yamlCuts, (cuts) => check(applyCuts(Buffer.from(text), cuts), false)),
    ),
  FUZZ_TIMEOUT_MS,
);

it(
  'a config with other values, keys and types ends in a message with places, or does what it says',
  async () => {
    const known = JSON.parse(await readFile(new URL('../../configs/schema.json', import.meta.url), 'utf8'));
    const keys = keysOf(known).filter((key) => /^[a-zA-Z]+$/.test(key));
    const names = [...keys, ...new Set(text.match(/\w+/g))];
    await fuzz(
      'config values',
      30,
      fc.asyncProperty(changesWith(names), (changes) => check(changed(text, changes), true)),
    );
  },
  FUZZ_TIMEOUT_MS,
);
