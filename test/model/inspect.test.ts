import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { expect, test } from 'vitest';
import type { Batch } from '../../src/dataset/batch.js';
import { tf } from '../../src/engine/tf.js';
import { concatenatedFields, rowVectors } from '../../src/model/fields.js';
import { inspectBatch, type Question } from '../../src/model/inspect.js';
import { gatherRows, rowsOfBatch } from '../../src/model/rows.js';
import { scoreBatch } from '../../src/model/score.js';
import {
  candidateShape,
  type ModelShape,
  propertiesInEncoder,
  type TaskShape,
} from '../../src/model/shape.js';
import { initialWeights, type ModelWeights } from '../../src/model/weights.js';
import { byHand } from '../engine/cell-by-hand.js';
import { randomBatch, smallShape } from './random-batch.js';

const LENGTHS = [4, 0, 2, 1, 4];

const order: TaskShape = {
  ...smallShape.tasks.ctr!,
  kind: 'rank',
  candidate: null,
  query: 'text',
  features: ['constant', 'price', 'sales'].map((name) => ({ name, mean: 0, deviation: 1 })),
};

/** Tasks that ask with nothing, a candidate and words; the last one ranks. */
const shape: ModelShape = {
  ...smallShape,
  queryField: {
    name: 'word',
    table: 'query/word',
    rows: 5,
    buckets: 1,
    size: 3,
    pooling: 'mean',
    vocabularyHash: '',
  },
  tasks: { ...smallShape.tasks, order },
};

/** Requests 0, 2 and 4 have samples to rank, request 3 has no words. */
function batchOf(lengths = LENGTHS): Batch {
  const batch = randomBatch(lengths);
  const request = Int32Array.of(0, 0, 2, 4, 4);
  const ones = new Float32Array(request.length).fill(1);
  return {
    ...batch,
    query: {
      slots: Int32Array.of(0, 1, 2, 1, 0),
      segments: Int32Array.of(0, 0, 1, 2, 4),
      counts: Int32Array.of(2, 1, 1, 0, 1),
    },
    tables: { ...batch.tables, 'query/word': Int32Array.of(2, 3, 4) },
    tasks: {
      ...batch.tasks,
      order: {
        request,
        candidate: new Int32Array(0),
        features: Float32Array.from({ length: 15 }, (_, at) => (at % 3 === 0 ? 1 : Math.sin(at))),
        label: ones,
        weight: ones,
        sample: Int32Array.from(request.keys()),
      },
    },
  };
}

const NONE: readonly Question[] = LENGTHS.map(() => ({ kind: 'none' }));

function withWeights<T>(shape: ModelShape, use: (weights: ModelWeights) => T): T {
  const weights = initialWeights(shape, 1, 1);
  try {
    return use(weights);
  } finally {
    weights.dispose();
  }
}

/** The gates at every step by the equations, [time, batch, 3]: mean over the units. */
function gatesByHand(weights: ModelWeights, batch: Batch): number[][][] {
  const { shape } = weights;
  const dense = (name: string) => weights.dense.get(name)!.read();
  return tf.tidy(() => {
    const rows = gatherRows(weights, rowsOfBatch(shape, batch));
    const gathered = Object.fromEntries(Object.entries(rows).map(([name, { values }]) => [name, values]));
    const size: [number, number] = [batch.steps, batch.lengths.length];
    const { gates } = byHand({
      histories: {
        items: rowVectors(candidateShape(shape, 'item'), gathered, batch.items),
        properties:
          shape.variant === 'nobp'
            ? null
            : concatenatedFields(shape.propertyFields, gathered, batch.properties.fields),
        itemAt: tf.tensor2d(batch.history, size, 'int32'),
        propertyAt: tf.tensor2d(batch.property, size, 'int32'),
        lengths: batch.lengths,
      },
      weights: {
        item: dense('lstm/item') as Tensor2D,
        property: propertiesInEncoder(shape) ? (dense('lstm/property') as Tensor2D) : null,
        recurrent: dense('lstm/recurrent') as Tensor2D,
        bias: dense('lstm/bias') as Tensor1D,
        peephole: shape.peepholes ? (dense('lstm/peephole') as Tensor2D) : null,
      },
    });
    // biome-ignore format: one line a level
    return gates.map((step) => step.map((of) => of.map((units) => units.reduce((a, b) => a + b) / units.length))) as never;
  }) as unknown as number[][][];
}

test.each<[string, Partial<ModelShape>]>([
  ['properties in gates and attention', {}],
  ['properties in the gates', { variant: 'bplstm' }],
  ['properties in the attention', { variant: 'bpatt' }],
  ['no properties', { variant: 'nobp' }],
  ['peepholes', { peepholes: true }],
])('the gates of a history are those of the equations: %s', (_, changes) => {
  withWeights({ ...shape, ...changes }, (weights) => {
    const batch = batchOf();
    const { gates } = inspectBatch(weights, batch, NONE);
    const expected = gatesByHand(weights, batch);
    let compared = 0;
    for (const [request, length] of LENGTHS.entries()) {
      for (let step = 0; step < length; step++, compared++) {
        for (const [at, name] of (['input', 'forget', 'output'] as const).entries()) {
          const got = gates![name][request * batch.steps + step]!;
          expect(got).toBeCloseTo(expected[step]![request]![at]!, 5);
        }
      }
    }
    expect(compared).toBe(11);
  });
});

test('a mean has no gates, and attends to all behaviours alike', () => {
  withWeights({ ...shape, encoder: 'mean' }, (weights) => {
    const { attention, gates } = inspectBatch(weights, batchOf(), NONE);
    expect(gates).toBeNull();
    expect([...attention]).toEqual(
      LENGTHS.flatMap((length) => [0, 1, 2, 3].map((step) => (step < length ? 1 / length : 0))),
    );
  });
});

test('each request is asked its own question', () => {
  withWeights(shape, (weights) => {
    const batch = batchOf();
    const all = (question: Question) =>
      inspectBatch(
        weights,
        batch,
        LENGTHS.map(() => question),
      ).attention;
    const questions: Question[] = [
      { kind: 'candidate', slot: 3 },
      { kind: 'none' },
      { kind: 'text' },
      { kind: 'none' },
      { kind: 'candidate', slot: 5 },
    ];
    const alone = questions.map(all);
    const { attention } = inspectBatch(weights, batch, questions);
    const row = (values: Float32Array, request: number) => [
      ...values.subarray(request * batch.steps, (request + 1) * batch.steps),
    ];
    for (const [request, length] of LENGTHS.entries()) {
      const got = row(attention, request);
      const sum = got.reduce((a, b) => a + b);
      expect(sum).toBeCloseTo(length > 0 ? 1 : 0, 6);
      expect(got.slice(length).every((weight) => weight === 0)).toBe(true);
      for (const [step, weight] of row(alone[request]!, request).entries()) {
        expect(got[step]).toBeCloseTo(weight, 6);
      }
    }
    // Other questions have other answers.
    expect(new Set(alone.map((values) => row(values, 4).join())).size).toBe(4);
  });
});

test('the weights of features times the features are the scores', () => {
  withWeights(shape, (weights) => {
    const batch = batchOf();
    const { featureWeights } = inspectBatch(weights, batch, NONE);
    expect(Object.keys(featureWeights)).toEqual(['order']);
    const { request, features } = batch.tasks.order!;
    const rows = [0, 2, 4];
    expect(featureWeights.order!.length).toBe(3 * rows.length);
    const scores = scoreBatch(weights, batch).order!;
    for (const [sample, score] of scores.entries()) {
      const row = rows.indexOf(request[sample]!);
      const s = [0, 1, 2].reduce(
        (sum, at) => sum + featureWeights.order![3 * row + at]! * features[3 * sample + at]!,
        0,
      );
      expect(s).toBeCloseTo(score, 5);
    }
  });
});

test('no tensor is left behind', () => {
  withWeights(shape, (weights) => {
    const questions: Question[] = [...NONE.slice(2), { kind: 'text' }, { kind: 'candidate', slot: 1 }];
    const before = tf.memory().numTensors;
    inspectBatch(weights, batchOf(), questions);
    expect(tf.memory().numTensors).toBe(before);
  });
});
