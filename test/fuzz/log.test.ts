import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runMain } from '../cli/collect-output.js';
import { randomWorld, writeWorld } from '../preprocess/world.js';
import { FUZZ_TIMEOUT_MS, fuzz } from './budget.js';
import { entriesOf, expectClean } from './clean.js';
import { applyCuts, csvCuts } from './damage.js';

const TABLES = [
  'events.csv',
  'clicks.csv',
  'items.csv',
  'users.csv',
  'shops.csv',
  'orders.csv',
  'levels.csv',
] as const;

let folder: string;
let tables: ReadonlyMap<string, Buffer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-fuzz-'));
  const data = join(folder, 'data');
  const text = await writeWorld(data, randomWorld(1, 80));
  await writeFile(join(folder, 'config.yaml'), text);
  tables = new Map(
    await Promise.all(TABLES.map(async (name) => [name, await readFile(join(data, name))] as const)),
  );
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What preprocess says of a damaged table has its file, and of rows their lines. */
function expectFile(stderr: string, name: string): void {
  expect(stderr).toMatch(/Cannot/);
  if (stderr.includes('malformed rows'))
    expect(stderr).toMatch(new RegExp(`^ {2}${name.replace('.', '\\.')}:\\d+ `, 'm'));
}

it(
  'a damaged table is read, or refused in a message that names it',
  () =>
    fuzz(
      'log',
      12,
      fc.asyncProperty(
        fc.constantFrom(...TABLES),
        csvCuts,
        fc.boolean(),
        fc.constantFrom(0, 0.05, 1),
        async (name, cuts, isGzip, maxRejectRatio) => {
          const file = join(folder, 'data', name);
          const original = tables.get(name)!;
          const damaged = applyCuts(original, cuts);
          await writeFile(file, isGzip ? gzipSync(damaged) : damaged);
          const before = await entriesOf(folder, ['out', 'out.rejects']);
          const set = [
            `preprocess.folder=${join(folder, 'out')}`,
            `data.maxRejectRatio=${maxRejectRatio}`,
            'preprocess.threads=1',
          ];
          for (const command of ['validate', 'preprocess']) {
            const output = await runMain([
              command,
              '-c',
              join(folder, 'config.yaml'),
              ...set.flatMap((setting) => ['--set', setting]),
              '--log-level',
              'silent',
            ]);
            expectClean(output);
            if (output.code === 2 && command === 'preprocess') expectFile(output.stderr, name);
          }
          await rm(join(folder, 'out'), { recursive: true, force: true });
          expect(await entriesOf(folder, ['out', 'out.rejects'])).toEqual(before);
          await writeFile(file, original);
        },
      ),
    ),
  FUZZ_TIMEOUT_MS,
);

it(
  'init writes a config for a damaged log that holds, or says why it cannot',
  () =>
    fuzz(
      'init',
      12,
      fc.asyncProperty(
        csvCuts,
        csvCuts,
        fc.constantFrom('log.csv', 'log.tsv', 'log.jsonl', 'log.txt'),
        async (logCuts, sampleCuts, name) => {
          const [log, samples, config] = [name, 'shown.csv', 'guessed.yaml'].map((file) =>
            join(folder, file),
          );
          await writeFile(log!, applyCuts(tables.get('events.csv')!, logCuts));
          await writeFile(samples!, applyCuts(tables.get('clicks.csv')!, sampleCuts));
          const written = await runMain(['init', log!, '--samples', samples!, '--out', config!, '--force']);
          expectClean(written);
          if (written.code === 0) {
            const output = await runMain(['validate', '-c', config!, '--log-level', 'silent']);
            expectClean(output);
            // What can't be told is marked by TODO, which is no column of a file without a header.
            const isWhole = !(await readFile(config!, 'utf8')).includes(': TODO #');
            if (isWhole) expect(output.stderr).not.toContain('Cannot use the config');
          }
          for (const file of [log!, samples!, config!]) await rm(file, { force: true });
        },
      ),
    ),
  FUZZ_TIMEOUT_MS,
);
