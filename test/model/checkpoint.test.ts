import { mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { recoverFolder } from '../../src/common/files.js';
import { numbers } from '../../src/engine/numbers.js';
import { ResourceVariable } from '../../src/engine/resource-variable.js';
import {
  describeCheckpoint,
  loadCheckpoint,
  loadSlots,
  openCheckpoint,
  saveCheckpoint,
} from '../../src/model/checkpoint.js';
import { readSafetensors, writeSafetensors } from '../../src/model/safetensors.js';
import { scoreBatch } from '../../src/model/score.js';
import { emptyWeights, initialWeights, type ModelWeights } from '../../src/model/weights.js';
import { Optimizer } from '../../src/training/optimizer.js';
import { trainStep } from '../../src/training/steps.js';
import { numberedShape, randomBatch, smallShape } from './random-batch.js';

const rates = { learningRate: 0.01, tableLearningRate: 0.05 };
const options = { taskWeights: {}, dropoutRates: { ctr: 0.2 }, l2: 0, seed: 5 };
const batch = randomBatch([4, 0, 2, 1]);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-checkpoint-'));
});

function trained(steps: number): { weights: ModelWeights; optimizer: Optimizer } {
  const weights = initialWeights(smallShape, 1, 1);
  const optimizer = new Optimizer(weights, rates);
  for (let step = 1; step <= steps; step++) trainStep(weights, optimizer, batch, step, options);
  return { weights, optimizer };
}

test('a saved model scores as it did, and training goes on bit for bit', async () => {
  const { weights, optimizer } = trained(3);
  const target = join(folder, 'last');
  await saveCheckpoint(target, weights, optimizer.slots, { step: 3 });
  const loaded = await loadCheckpoint<{ step: number }>(target, smallShape);
  expect(loaded.state).toEqual({ step: 3 });
  expect(scoreBatch(loaded.weights, batch)).toEqual(scoreBatch(weights, batch));

  const again = new Optimizer(loaded.weights, rates);
  await loadSlots(target, again.slots);
  const here = trainStep(weights, optimizer, batch, 4, options);
  const there = trainStep(loaded.weights, again, batch, 4, options);
  expect(there).toEqual(here);
  expect(scoreBatch(loaded.weights, batch)).toEqual(scoreBatch(weights, batch));
  for (const owned of [weights, optimizer, loaded.weights, again]) owned.dispose();
});

test('a checkpoint takes the place of the older one', async () => {
  const { weights, optimizer } = trained(1);
  const target = join(folder, 'best');
  await saveCheckpoint(target, weights, optimizer.slots, { step: 1 });
  await saveCheckpoint(target, weights, optimizer.slots, { step: 2 });
  const loaded = await loadCheckpoint<{ step: number }>(target, null);
  expect(loaded.state.step).toBe(2);
  for (const owned of [weights, optimizer, loaded.weights]) owned.dispose();
});

test('a checkpoint can be read while newer ones take its place', async () => {
  const { weights, optimizer } = trained(1);
  const target = join(folder, 'best');
  await saveCheckpoint(target, weights, optimizer.slots, { step: 0 });
  let isOver = false;
  const writing = (async () => {
    for (let step = 1; step <= 30; step++) {
      // Other weights, so that none goes with the head of another.
      trainStep(weights, optimizer, batch, step, options);
      await saveCheckpoint(target, weights, optimizer.slots, { step });
    }
  })().finally(() => {
    isOver = true;
  });
  let reads = 0;
  while (!isOver) {
    await recoverFolder(target);
    await (await openCheckpoint(target)).close();
    (await loadCheckpoint(target, null)).weights.dispose();
    reads++;
  }
  await writing;
  expect(reads).toBeGreaterThan(5);
  expect((await describeCheckpoint<{ step: number }>(target)).state.step).toBe(30);
  for (const owned of [weights, optimizer]) owned.dispose();
});

test('another model, a damaged file and a missing folder are told apart, by name', async () => {
  const { weights, optimizer } = trained(1);
  const target = join(folder, 'last');
  await saveCheckpoint(target, weights, optimizer.slots, {});
  await expect(loadCheckpoint(target, { ...smallShape, units: 8 })).rejects.toThrow(
    /units is 6 there, 8 here/,
  );
  await expect(loadCheckpoint(join(folder, 'none'), null)).rejects.toThrow(UserError);

  const file = join(target, 'weights.safetensors');
  const bytes = await readFile(file);
  bytes[bytes.length - 3]! ^= 4;
  await writeFile(file, bytes);
  await expect(loadCheckpoint(target, null)).rejects.toThrow(/weights\.safetensors.*damaged/);
  for (const owned of [weights, optimizer]) owned.dispose();
});

test('a model is not used with numbers that were normalised in another way', async () => {
  const weights = emptyWeights(numberedShape);
  const target = join(folder, 'numbers');
  await saveCheckpoint(target, weights, new Map(), {});
  const [price, rating] = numberedShape.itemNumbers;
  const withPrice = (change: object) => ({
    ...numberedShape,
    itemNumbers: [{ ...price!, ...change }, rating!],
  });
  for (const [change, difference] of [
    [{ mean: 4 }, /itemNumbers\.0\.mean is 3 there, 4 here/],
    [{ deviation: 1 }, /itemNumbers\.0\.deviation is 2 there, 1 here/],
    [{ scale: 'log' }, /itemNumbers\.0\.scale is "linear" there, "log" here/],
  ] as const) {
    await expect(loadCheckpoint(target, withPrice(change))).rejects.toThrow(difference);
  }
  const turned = { ...numberedShape, itemNumbers: [rating!, price!] };
  await expect(loadCheckpoint(target, turned)).rejects.toThrow(/itemNumbers\.0\.name is "price" there/);
  await expect(loadCheckpoint(target, smallShape)).rejects.toThrow(/itemNumbers\.0 is/);
  (await loadCheckpoint(target, withPrice({}))).weights.dispose();
  weights.dispose();
});

test('a file of safetensors is what the format says', async () => {
  const variable = new ResourceVariable([2, 3]);
  variable.writeRows(0, Float32Array.of(1, 2, 3, 4, 5, 6));
  const path = join(folder, 'x.safetensors');
  const { bytes } = await writeSafetensors(path, new Map([['a/b', variable]]));
  const content = await readFile(path);
  expect(content.length).toBe(bytes);
  const length = Number(content.readBigUInt64LE());
  expect((8 + length) % 8).toBe(0);
  expect(JSON.parse(content.subarray(8, 8 + length).toString())).toEqual({
    'a/b': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
  });
  expect([0, 1, 2, 3, 4, 5].map((i) => content.readFloatLE(8 + length + 4 * i))).toEqual([1, 2, 3, 4, 5, 6]);

  const other = new ResourceVariable([2, 3]);
  await readSafetensors(path, new Map([['a/b', other]]));
  expect([...numbers(() => other.read())]).toEqual([1, 2, 3, 4, 5, 6]);
  await expect(readSafetensors(path, new Map([['c', other]]))).rejects.toThrow(/no weight `a\/b`/);
  const wide = new ResourceVariable([3, 2]);
  await expect(readSafetensors(path, new Map([['a/b', wide]]))).rejects.toThrow(/expected \[3,2\]/);
  await truncate(path, bytes - 1);
  await expect(readSafetensors(path, new Map([['a/b', other]]))).rejects.toThrow(/ends too early/);
  for (const owned of [variable, other, wide]) owned.dispose();
});

test('a table is written and read in chunks of rows', async () => {
  // 17 million floats: more than one chunk of 16 million.
  const rows = 2_125_000;
  const table = new ResourceVariable([rows, 8]);
  expect([...table.chunks()].length).toBe(2);
  table.writeRows(
    rows - 1,
    Float32Array.from({ length: 8 }, (_, i) => i + 1),
  );
  const path = join(folder, 'table.safetensors');
  await writeSafetensors(path, new Map([['t', table]]));
  const other = new ResourceVariable([rows, 8]);
  await readSafetensors(path, new Map([['t', other]]));
  expect([...other.readRows(rows - 2, rows)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
  for (const owned of [table, other]) owned.dispose();
});
