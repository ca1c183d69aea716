/**
 * Every output, loss and gradient against reference.py, an independent float64 version of the model's equations:
 * from the prepared folder through batches to the kernels. The reference is made by `npm run parity`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Batch } from '../../src/dataset/batch.js';
import { createBatchBuilder } from '../../src/dataset/batch-builder.js';
import { planBatches } from '../../src/dataset/batch-plan.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { tf } from '../../src/engine/tf.js';
import { encode } from '../../src/model/forward.js';
import { gatherRows, rowsOfBatch } from '../../src/model/rows.js';
import { scoreBatch } from '../../src/model/score.js';
import { allVariables, emptyWeights, type ModelWeights } from '../../src/model/weights.js';
import { computeGradients } from '../../src/training/gradients.js';
import { writeWorld } from '../dataset/write-world.js';
import { type Case, caseNames, flat, type Nested, readCase, readWorld, relativeError } from './fixture.js';

/** float32 against float64; what it gives is about 1e-6. */
const TOLERANCE = 1e-4;

const world = readWorld();
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dupn-parity-'));
  await writeWorld(folder, world);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** All requests of the world as one batch. */
function wholeBatch(maxEvents: number): Batch {
  const prepared = openPrepared(folder);
  try {
    const batchRequests = world.requests.length;
    const plan = { split: 'training', tasks: world.tasks, maxEvents, batchRequests, shuffle: null } as const;
    const batches = [...planBatches(prepared, createBatchBuilder(prepared), plan)];
    expect(batches).toHaveLength(1);
    expect([...batches[0]!.requests].sort((a, b) => a - b)).toEqual([...world.requests.keys()]);
    return batches[0]!;
  } finally {
    prepared.close();
  }
}

function givenWeights({ shape, weights }: Case): ModelWeights {
  const model = emptyWeights(shape);
  const variables = allVariables(model);
  expect([...variables.keys()].sort()).toEqual(Object.keys(weights).sort());
  for (const [name, variable] of variables) {
    tf.tidy(() => variable.assign(tf.tensor(flat(weights[name]!), [...variable.shape])));
  }
  return model;
}

function expectClose(what: string, got: ArrayLike<number>, expected: Nested): void {
  expect(relativeError(got, expected), what).toBeLessThan(TOLERANCE);
}

/** Puts what comes by the rows of a batch in the order of the world. */
function inOrderOf<T>(indexes: Int32Array, values: readonly T[]): T[] {
  const ordered: T[] = [];
  for (const [row, index] of indexes.entries()) ordered[index] = values[row]!;
  return ordered;
}

/** Weights of steps, padded with zeros to the length of a row. */
const padded = (rows: readonly (readonly number[])[], length: number) =>
  rows.map((row) => [...row, ...new Array<number>(length - row.length).fill(0)]);

describe.each(caseNames)('%s', (name) => {
  const given = readCase(name);
  const { shape, expected } = given;
  let weights: ModelWeights;
  let batch: Batch;

  beforeAll(() => {
    weights = givenWeights(given);
    batch = wholeBatch(given.maxEvents);
  });
  afterAll(() => weights.dispose());

  test('logits', () => {
    for (const [task, logits] of Object.entries(scoreBatch(weights, batch))) {
      const { outputs } = shape.tasks[task]!;
      const { sample } = batch.tasks[task]!;
      const rows = Array.from(sample, (_, i) => [...logits.slice(i * outputs, (i + 1) * outputs)]);
      expectClose(task, flat(inOrderOf(sample, rows)), expected.logits[task]!);
    }
  });

  test('representations and attention weights', () => {
    tf.tidy(() => {
      const rows = gatherRows(weights, rowsOfBatch(shape, batch));
      const gathered = Object.fromEntries(Object.entries(rows).map(([table, { values }]) => [table, values]));
      const encoded = encode(shape, (weight) => weights.dense.get(weight)!.read(), gathered, batch);
      const { histories } = encoded;
      const representation = encoded.represent('none').arraySync();
      expectClose('representation', flat(inOrderOf(batch.requests, representation)), expected.representation);
      const attention = histories.weights(null).arraySync();
      expectClose(
        'attention',
        flat(inOrderOf(batch.requests, attention)),
        padded(expected.attention, batch.steps),
      );
      for (const [task, { query }] of Object.entries(shape.tasks)) {
        if (query !== 'candidate') continue;
        const { request, candidate, sample } = batch.tasks[task]!;
        const vectors = tf.gather(encoded.candidates('item'), tf.tensor1d(candidate, 'int32'));
        const asked = histories.weights({ kind: 'candidate', vectors, requestOf: request }).arraySync();
        expectClose(
          task,
          flat(inOrderOf(sample, asked)),
          padded(expected.candidateAttention[task]!, batch.steps),
        );
      }
    });
  });

  test('losses and the gradient of every weight and row', () => {
    tf.tidy(() => {
      const { taskWeights, classWeights, l2 } = given;
      const got = computeGradients(weights, batch, { taskWeights, classWeights, l2, dropout: null });
      expectClose('loss', got.loss.dataSync(), expected.loss);
      for (const [task, loss] of Object.entries(expected.lossByTask)) {
        expectClose(task, got.lossByTask[task]!.dataSync(), loss);
        expectClose(`norm of ${task}`, got.normByTask[task]!.dataSync(), expected.normByTask[task]!);
      }
      for (const [weight, gradient] of Object.entries(expected.gradients)) {
        const table = got.tables[weight];
        const whole = table
          ? tf.unsortedSegmentSum(table.gradient, table.indices, weights.tables.get(weight)!.shape[0]!)
          : got.dense[weight];
        // What the loss does not depend on has no gradient.
        const values = whole ? whole.dataSync() : new Float32Array(flat(gradient).length);
        expectClose(weight, values, gradient);
      }
    });
  });
});
