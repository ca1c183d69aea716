import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { printableLines } from '../../src/common/printable.js';
import { loadBacktest } from '../../src/config/load-backtest.js';
import { loadComparison } from '../../src/config/load-comparison.js';
import { loadTransfer } from '../../src/config/load-transfer.js';
import { FUZZ_TIMEOUT_MS, fuzz } from './budget.js';
import { changed, changesWith, keysOf } from './changes.js';
import { expectPlaces } from './clean.js';
import { applyCuts, yamlCuts } from './damage.js';

const configs = new URL('../../configs/', import.meta.url);

/** Of each kind of experiment, one that says all that it can. */
const EXPERIMENTS = {
  comparison: {
    load: loadComparison,
    text: `name: variants
base: BASE
seeds: [1, 2]
variants:
  small: { model: { units: 8 } }
  clicks: { train: { tasks: [ctr] } }
  others: { train: { tasks: [l2r, ppp, fifp, spp] } }
groups:
  apart: [clicks, others]
`,
  },
  transfer: {
    load: loadTransfer,
    text: `name: shops
base: BASE
task: spp
vocabularies: fixed
strategies: [retrain-single, fine-tune]
seeds: [1]
fractions: [1, 0.5]
fineTune: { learningRateFactor: 0.1, freeze: { lstm: 1, item: always } }
train: { epochs: 1, batchRequests: 16 }
run: { name: shops }
`,
  },
  backtest: {
    load: loadBacktest,
    text: `name: daily
base: BASE
from: 2026-01-12
days: 2
models: [updated, stale]
update: { epochs: 1 }
`,
  },
} as const;

type Kind = keyof typeof EXPERIMENTS;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-fuzz-experiments-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** It is loaded, or what is wrong is said with the places. */
async function check(kind: Kind, yaml: string | Uint8Array): Promise<void> {
  const file = join(folder, `${kind}.yaml`);
  await writeFile(file, yaml);
  const error = await EXPERIMENTS[kind].load(file, { set: [], env: {} }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error === null) return;
  if (!(error instanceof UserError)) throw error;
  // As the command line shows it.
  const text = printableLines(error.message);
  expect(text).not.toMatch(/\n {4}at |undefined|\[object Object\]/);
  if (text.startsWith('Cannot use the config')) expectPlaces(text);
  else expect(text).toMatch(/^Cannot \S/);
}

const textOf = (kind: Kind) =>
  EXPERIMENTS[kind].text.replace('BASE', new URL('quickstart.yaml', configs).pathname);

it.each(Object.keys(EXPERIMENTS) as Kind[])(
  'a %s that is damaged is loaded, or refused with places',
  async (kind) => {
    await expect(loadAs(kind)).resolves.toMatchObject({ name: expect.any(String) });
    const schema = new URL(`${kind}.schema.json`, configs);
    const keys = keysOf(JSON.parse(await readFile(schema, 'utf8'))).filter((key) => /^[a-zA-Z]+$/.test(key));
    const names = [...keys, 'ctr', 'spp', 'quickstart', ...STRATEGY_NAMES];
    await fuzz(
      `${kind} values`,
      60,
      fc.asyncProperty(changesWith(names), (changes) => check(kind, changed(textOf(kind), changes))),
    );
    await fuzz(
      `${kind} text`,
      60,
      fc.asyncProperty(yamlCuts, (cuts) => check(kind, applyCuts(Buffer.from(textOf(kind)), cuts))),
    );
  },
  2 * FUZZ_TIMEOUT_MS,
);

const STRATEGY_NAMES = ['retrain-all', 'representation', 'always', 'fixed', 'grow', 'stale'];

async function loadAs(kind: Kind): Promise<object> {
  const file = join(folder, `whole-${kind}.yaml`);
  await writeFile(file, textOf(kind));
  return EXPERIMENTS[kind].load(file, { set: [], env: {} });
}
