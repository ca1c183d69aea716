import { expect, test } from 'vitest';
import type { Batch } from '../../src/dataset/batch.js';
import { tf } from '../../src/engine/tf.js';
import { scoreBatch } from '../../src/model/score.js';
import { scoreBatches } from '../../src/model/score-batches.js';
import type { ModelShape } from '../../src/model/shape.js';
import { initialWeights } from '../../src/model/weights.js';
import { directShape, numberedShape, randomBatch, smallShape } from './random-batch.js';

const variants: ModelShape[] = [
  smallShape,
  { ...smallShape, variant: 'bplstm' },
  { ...smallShape, variant: 'bpatt' },
  { ...smallShape, variant: 'nobp' },
  { ...smallShape, encoder: 'mean' },
  { ...smallShape, userFields: [], propertyFields: [] },
  numberedShape,
  { ...numberedShape, variant: 'bplstm' },
  { ...numberedShape, variant: 'bpatt' },
  { ...numberedShape, variant: 'nobp' },
  { ...numberedShape, encoder: 'mean' },
  directShape,
  { ...directShape, variant: 'nobp' },
  { ...directShape, encoder: 'mean' },
];

function expectClose(got: Float32Array, expected: Float32Array): void {
  expect(got.length).toBe(expected.length);
  got.forEach((value, at) => {
    expect(value).toBeCloseTo(expected[at]!, 5);
  });
}

function score(shape: ModelShape, batch: Batch): Record<string, Float32Array> {
  const weights = initialWeights(shape, 1, 1);
  try {
    return scoreBatch(weights, batch);
  } finally {
    weights.dispose();
  }
}

/** The same batch with `extra` more padding steps, pointing at some other slot. */
function padded(batch: Batch, extra: number): Batch {
  const more = (values: Int32Array, slot: number) => {
    const longer = new Int32Array(values.length + extra * batch.lengths.length).fill(slot);
    longer.set(values);
    return longer;
  };
  return {
    ...batch,
    steps: batch.steps + extra,
    history: more(batch.history, 5),
    property: more(batch.property, 2),
  };
}

test.each(variants)(
  'padding never changes an output: $encoder $variant, numbers $itemNumbers.length',
  (shape) => {
    const batch = randomBatch([4, 0, 2, 1]);
    const expected = score(shape, batch);
    const got = score(shape, padded(batch, 3));
    for (const task of ['ctr', 'buy']) expectClose(got[task]!, expected[task]!);
  },
);

test('a stream of scores has the class weights undone', async () => {
  const task = smallShape.tasks.ctr!;
  const shape = { ...smallShape, tasks: { ...smallShape.tasks, ctr: { ...task, weightCorrection: [-2] } } };
  const batch = randomBatch([4, 0, 2, 1]);
  const weights = initialWeights(shape, 1, 1);
  async function* batches() {
    yield batch;
  }
  const raw = scoreBatch(weights, batch);
  for await (const { task, logits } of scoreBatches(weights, batches())) {
    expectClose(
      logits,
      raw[task]!.map((logit) => (task === 'ctr' ? logit - 2 : logit)),
    );
  }
  weights.dispose();
});

test('every variant gives finite logits, and they differ', () => {
  const batch = randomBatch([4, 0, 2, 1]);
  const seen = new Set<string>();
  for (const shape of variants) {
    const { ctr, buy } = score(shape, batch);
    expect([...ctr!, ...buy!].every(Number.isFinite)).toBe(true);
    seen.add(ctr!.join());
  }
  expect(seen.size).toBe(variants.length);
});

test('a request is scored alike alone and among others', () => {
  const batch = randomBatch([4, 0, 2]);
  const weights = initialWeights(smallShape, 1, 1);
  const together = scoreBatch(weights, batch);
  const only = 2;
  const column = (values: Int32Array) => values.filter((_, i) => i % 3 === only);
  const pick = (task: 'ctr' | 'buy') => {
    const samples = batch.tasks[task]!;
    const mine = [...samples.request.keys()].filter((s) => samples.request[s] === only);
    return {
      request: new Int32Array(mine.length),
      candidate: Int32Array.from(mine, (s) => samples.candidate[s]!),
      features: new Float32Array(0),
      label: Float32Array.from(mine, (s) => samples.label[s]!),
      weight: Float32Array.from(mine, (s) => samples.weight[s]!),
      sample: Int32Array.from(mine),
    };
  };
  const { slots } = batch.users.device!;
  const alone: Batch = {
    ...batch,
    requests: Int32Array.of(only),
    lengths: batch.lengths.slice(only),
    history: column(batch.history),
    property: column(batch.property),
    users: { device: { slots: slots.slice(only) } },
    tasks: { ctr: pick('ctr'), buy: pick('buy') },
  };
  const single = scoreBatch(weights, alone);
  for (const task of ['ctr', 'buy'] as const) {
    const mine = alone.tasks[task]!.sample;
    expectClose(
      single[task]!,
      Float32Array.from(mine, (s) => together[task]![s]!),
    );
  }
  weights.dispose();
});

test('a batch of empty histories only is scored by the learned vector', () => {
  const { ctr } = score(smallShape, randomBatch([0, 0]));
  expect([...ctr!].every(Number.isFinite)).toBe(true);
});

test('scoring leaves no tensor behind', () => {
  const weights = initialWeights(smallShape, 1, 1);
  const batch = randomBatch([3, 0, 1]);
  scoreBatch(weights, batch);
  const before = tf.memory().numTensors;
  scoreBatch(weights, batch);
  expect(tf.memory().numTensors).toBe(before);
  weights.dispose();
});
