/** A model whose vocabularies have grown since its base was trained says what the base said, as long as it has not learned. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { type Manifest, SPLITS } from '../../src/common/prepared.js';
import { parseConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { BatchSource } from '../../src/dataset/batch-source.js';
import { bucketsOfNewRows } from '../../src/dataset/grown-rows.js';
import { tf } from '../../src/engine/tf.js';
import { saveCheckpoint } from '../../src/model/checkpoint.js';
import { scoreBatch } from '../../src/model/score.js';
import { modelShape } from '../../src/model/shape.js';
import { initialWeights, type ModelWeights } from '../../src/model/weights.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { carryOver, checkEarlierRun, openBest } from '../../src/training/earlier-run.js';
import { Optimizer } from '../../src/training/optimizer.js';
import { planFor } from '../../src/training/plans.js';
import { runPaths } from '../../src/training/run-folder.js';
import { startState } from '../../src/training/training-state.js';
import { DAY, randomWorld, START, type World, writeWorld } from '../preprocess/world.js';

const MODEL = `model: { units: 6, attentionUnits: 4, userUnits: 5, candidateUnits: { item: 7 }, maxEvents: 10 }
train: { batchRequests: 16 }
`;

let folder: string;
let config: Config;
const manifests: Record<string, Manifest> = {};

/** What the base has not seen: values of each kind, those of items in both buckets. */
function laterWorld(seed: number): World {
  const world = randomWorld(seed, 300);
  const since = (row: { readonly time: number }) => row.time >= START + 4 * DAY;
  return {
    ...world,
    events: world.events.filter(since).map((event, at) => ({
      ...event,
      ...(at % 3 === 0 && { item: `new ${at % 7}`, shop: 'new shop', device: 'watch', behavior: 'share' }),
    })),
    items: world.items.map((item, at) => ({ ...item, brand: at % 2 === 0 ? 'new brand' : item.brand })),
    users: world.users.map((user) => ({ ...user, age: '99' })),
    shops: world.shops.map((shop) => ({ ...shop, style: 'new style' })),
    clicks: world.clicks.map((click, at) => ({
      ...click,
      page: 'cart',
      query: 'neues wort',
      item: at % 2 === 0 ? `new ${at % 7}` : click.item,
    })),
  };
}

async function prepare(name: string, world: World, carry?: { from: string; vocabularies: 'fixed' | 'grow' }) {
  const yaml = await writeWorld(join(folder, `data-${name}`), world, MODEL);
  const asking = yaml
    .replace('  clicks:\n    kind: binary', '$&\n    query: text')
    .replace('  buys:\n    kind: binary', '$&\n    query: candidate');
  config = parseConfig(asking, join(folder, 'world.yaml'));
  const { manifest } = await preprocess({
    config,
    folder: join(folder, name),
    force: false,
    carry: carry && { folder: join(folder, carry.from), vocabularies: carry.vocabularies },
    context: silentContext,
  });
  manifests[name] = manifest;
}

/** Weights whose rows of unknown values differ from each other, as those of a trained model do. */
function weightsFor(name: string, seed: number): ModelWeights {
  const weights = initialWeights(modelShape(config, manifests[name]!), seed, 1);
  for (const [at, table] of [...weights.tables.values()].entries()) {
    const units = table.shape[1]!;
    table.writeRows(
      0,
      Float32Array.from({ length: 3 * units }, (_, i) => Math.sin(seed + 10 * at + i)),
    );
  }
  return weights;
}

/** The logits of all samples, task by task, of all parts. */
async function logits(name: string, weights: ModelWeights): Promise<Record<string, number[]>> {
  const all: Record<string, number[]> = {};
  const source = new BatchSource(join(folder, name));
  for (const split of SPLITS) {
    for await (const batch of source.batches(planFor(config, split, null))) {
      for (const [task, values] of Object.entries(scoreBatch(weights, batch))) {
        all[task] = [...(all[task] ?? []), ...values];
      }
    }
  }
  await source.close();
  return all;
}

async function saveBase(run: string, weights: ModelWeights): Promise<void> {
  const optimizer = new Optimizer(weights, config.train);
  await saveCheckpoint(join(run, runPaths.best), weights, optimizer.slots, startState);
  optimizer.dispose();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-grown-'));
  await prepare('base', randomWorld(1, 300));
  await prepare('fixed', laterWorld(2), { from: 'base', vocabularies: 'fixed' });
  await prepare('grow', laterWorld(2), { from: 'base', vocabularies: 'grow' });
});

test('a grown model scores as its base does where new values stand in out-of-vocabulary rows', async () => {
  const tensors = tf.memory().numTensors;
  const base = weightsFor('base', 1);
  const run = join(folder, 'run');
  await saveBase(run, base);
  const grown = weightsFor('grow', 2);
  const earlier = await openBest(run);
  const preparedFolder = join(folder, 'grow');
  const plan = await carryOver(earlier, grown, { manifest: manifests.grow!, preparedFolder });
  await earlier.close();
  expect([...plan.grown.keys()].sort()).toEqual([
    'item/brand',
    'item/item',
    'item/shop',
    'query/word',
    'shop/style',
    'user/age',
    'user/device',
    'user/page',
  ]);
  expect([plan.created, plan.skipped]).toEqual([[], []]);

  const fixed = await logits('fixed', base);
  const got = await logits('grow', grown);
  expect(Object.keys(got).sort()).toEqual(['buys', 'clicks', 'follows', 'levels', 'orders']);
  expect(got).toEqual(fixed);
  // The rows are not those of chance.
  const fresh = weightsFor('grow', 2);
  expect((await logits('grow', fresh)).clicks).not.toEqual(fixed.clicks);
  for (const weights of [base, grown, fresh]) weights.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

test('a new row starts in the bucket of its value, of several', async () => {
  const first = manifests.base!.fields.item[0]!.rows;
  const buckets = await bucketsOfNewRows(join(folder, 'grow'), manifests.grow!, 'item/item', first);
  expect(buckets).toHaveLength(manifests.grow!.fields.item[0]!.rows - first);
  expect(new Set(buckets)).toEqual(new Set([1, 2]));
  await expect(bucketsOfNewRows(join(folder, 'grow'), manifests.grow!, 'item/none', 3)).rejects.toThrow(
    /no vocabulary of the table `item\/none`/,
  );
});

test('a base is found several growths back', async () => {
  const world = laterWorld(3);
  const events = world.events.map((event, at) => (at % 4 === 0 ? { ...event, item: 'newest' } : event));
  await prepare('again', { ...world, events }, { from: 'grow', vocabularies: 'grow' });
  const run = join(folder, 'far');
  const base = weightsFor('base', 1);
  await saveBase(run, base);
  base.dispose();
  const plan = await checkEarlierRun(run, modelShape(config, manifests.again!), manifests.again!);
  const rows = manifests.base!.fields.item[0]!.rows;
  expect(plan.grown.get('item/item')).toBe(rows);
  expect(manifests.again!.fields.item[0]!.earlier!.map((state) => state.rows)[0]).toBe(rows);
});

test('data that was prepared by itself, and a run without weights, are refused', async () => {
  await prepare('alone', laterWorld(2));
  const run = join(folder, 'strange');
  const base = weightsFor('base', 1);
  await saveBase(run, base);
  base.dispose();
  const shape = modelShape(config, manifests.alone!);
  await expect(checkEarlierRun(run, shape, manifests.alone!)).rejects.toThrow(
    /^Cannot start from .*strange.*: (`item\/|the numbers of items are)/,
  );
  await expect(openBest(join(folder, 'nowhere'))).rejects.toThrow(
    /^Cannot start from .*nowhere: expected trained weights in .*best, got none; train it first$/,
  );
});
