import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runMain } from '../cli/collect-output.js';
import { makeTinyWorld } from '../tiny-world.js';
import { FUZZ_TIMEOUT_MS, fuzz } from './budget.js';
import { changesWith, changeTree } from './changes.js';
import { entriesOf, expectClean } from './clean.js';
import { applyCuts, csvCuts } from './damage.js';

let world: string;
/** Some rows to ask, as CSV and as JSON lines that bring their histories. */
let csv: Buffer;
let rows: readonly Record<string, unknown>[];

const path = (...parts: string[]) => join(world, ...parts);

beforeAll(async () => {
  world = await makeTinyWorld(40);
  const config = ['-c', path('base.yaml')];
  for (const [command, ...more] of [['preprocess'], ['train'], ['export', '--out', path('bundle')]]) {
    const argv = [command!, ...config, '--set', 'train.epochs=1', ...more];
    expect(await runMain(argv), command).toMatchObject({ code: 0 });
  }
  const lines = gunzipSync(await readFile(path('log/impressions.csv.gz')))
    .toString()
    .split('\n');
  csv = Buffer.from(`${lines.slice(0, 60).join('\n')}\n`);
  rows = (parse(csv, { columns: true }) as Record<string, string>[]).slice(0, 8).map((row) => ({
    ...row,
    history: [
      {
        time: '2026-01-06 10:00:00',
        item_id: row.item_id,
        behavior: 'click',
        attributes: { price: 3.5, tags: ['a', 'b'], shop_id: 's1' },
      },
      { time: '2026-01-07 10:00:00', item_id: 'new', behavior: 'buy', scenario: 'search' },
    ],
    profile: { age: '20', gender: null },
    candidates: [row.item_id, { item_id: 'other', attributes: { brand_id: 'b1' } }],
  }));
});

afterAll(() => rm(world, { recursive: true, force: true, maxRetries: 3 }));

/** Asks the model; what comes out is a message, or predictions that are numbers. */
async function check(name: string, bytes: Uint8Array, withPrepared: boolean): Promise<void> {
  await writeFile(path(name), bytes);
  const before = await entriesOf(world, []);
  const prepared = withPrepared ? ['--prepared', path('prepared/tiny')] : [];
  const output = await runMain([
    ...['predict', '--bundle', path('bundle'), ...prepared, '--task', 'ctr'],
    ...['--in', path(name), '--log-level', 'silent'],
  ]);
  expectClean(output);
  if (output.code === 2) expect(output.stderr).toMatch(/^Cannot .*/);
  else {
    for (const row of parse(output.stdout, { columns: true }) as Record<string, string>[]) {
      expect(Number(row.prediction)).toBeGreaterThanOrEqual(0);
      expect(Number(row.prediction)).toBeLessThanOrEqual(1);
    }
  }
  expect(await entriesOf(world, [])).toEqual(before);
  await rm(path(name));
}

it(
  'a damaged table of requests is scored, or refused in a message',
  () =>
    fuzz(
      'predict csv',
      12,
      fc.asyncProperty(csvCuts, fc.constantFrom('in.csv', 'in.tsv', 'in.csv.gz'), (cuts, name) => {
        const damaged = applyCuts(csv, cuts);
        return check(name, name.endsWith('.gz') ? gzipSync(damaged) : damaged, true);
      }),
    ),
  FUZZ_TIMEOUT_MS,
);

it(
  'requests with values of other kinds are scored, or refused in a message',
  async () => {
    const names = ['item_id', 'time', 'history', 'candidates', 'attributes', 'profile', 'user_id', 'buy'];
    await fuzz(
      'predict jsonl',
      24,
      fc.asyncProperty(changesWith(names), fc.boolean(), (changes, withPrepared) => {
        const asked = structuredClone(rows) as unknown[];
        changeTree(asked, changes);
        const text = asked.map((row) => `${JSON.stringify(row) ?? ''}\n`).join('');
        return check('in.jsonl', Buffer.from(text), withPrepared);
      }),
    );
  },
  FUZZ_TIMEOUT_MS,
);
