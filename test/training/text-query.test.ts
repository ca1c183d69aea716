/** The query decides which step of a history counts: only a model that is asked with it can learn this. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import type { Batch } from '../../src/dataset/batch.js';
import type { ModelShape } from '../../src/model/shape.js';
import { initialWeights } from '../../src/model/weights.js';
import { Optimizer } from '../../src/training/optimizer.js';
import { trainStep } from '../../src/training/steps.js';
import { randomBatch, smallShape } from '../model/random-batch.js';

const REQUESTS = 96;

/** Two steps of properties 0 and 1 in random order; the label is the item (0 or 1) of the step that the query names. */
function batchOf(): Batch {
  const random = createRandom('text-query');
  const base = randomBatch(Array<number>(REQUESTS).fill(2));
  const word = Array.from({ length: REQUESTS }, () => random.integer(2));
  const first = Array.from({ length: REQUESTS }, () => random.integer(2));
  const item = Int32Array.from({ length: 2 * REQUESTS }, () => random.integer(2));
  const property = Int32Array.from({ length: 2 * REQUESTS }, (_, at) =>
    at < REQUESTS ? first[at]! : 1 - first[at - REQUESTS]!,
  );
  const label = word.map((named, row) => item[first[row] === named ? row : REQUESTS + row]!);
  const all = Int32Array.from(word.keys());
  return {
    ...base,
    history: item,
    property,
    query: { slots: Int32Array.from(word), segments: all, counts: new Int32Array(REQUESTS).fill(1) },
    tables: { ...base.tables, 'query/word': Int32Array.of(2, 3) },
    tasks: {
      level: {
        request: all,
        candidate: new Int32Array(0),
        features: new Float32Array(0),
        label: Float32Array.from(label),
        weight: new Float32Array(REQUESTS).fill(1),
        sample: all,
      },
    },
  };
}

async function lossAfter(steps: number, query: 'text' | 'none'): Promise<number> {
  const shape: ModelShape = {
    ...smallShape,
    candidateUnits: {},
    userFields: [],
    queryField: {
      name: 'word',
      table: 'query/word',
      rows: 4,
      buckets: 1,
      size: 4,
      pooling: 'mean',
      vocabularyHash: '',
    },
    tasks: {
      level: {
        kind: 'multiclass',
        outputs: 2,
        features: [],
        candidate: null,
        query,
        layers: [8],
        batchNormalisation: false,
        weightCorrection: [0, 0],
        drawCorrection: 0,
      },
    },
  };
  const weights = initialWeights(shape, 1, 1);
  const optimizer = new Optimizer(weights, { learningRate: 0.02, tableLearningRate: 0.05 });
  const batch = batchOf();
  let loss = Number.NaN;
  for (let step = 1; step <= steps; step++) {
    const options = { taskWeights: {}, dropoutRates: {}, l2: 0, seed: 1 };
    ({ loss } = trainStep(weights, optimizer, batch, step, options));
    await turn();
  }
  optimizer.dispose();
  weights.dispose();
  return loss;
}

test('only a model that is asked with the query learns what it decides', async () => {
  expect(await lossAfter(150, 'text')).toBeLessThan(0.05);
  // Where the two items agree the label is certain, elsewhere it is a coin: half of log 2.
  expect(await lossAfter(150, 'none')).toBeGreaterThan(0.3);
});
