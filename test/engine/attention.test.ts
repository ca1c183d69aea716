import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import { expect, test } from 'vitest';
import { type AttentionInputs, attention, attentionWeights } from '../../src/engine/attention.js';
import { normal, tensorSeed } from '../../src/engine/random.js';
import { tf } from '../../src/engine/tf.js';
import { attentionByHand } from './attention-by-hand.js';

const random = (shape: number[], label: string) => normal(shape, tensorSeed(11, label));
const [time, batch, units, hidden] = [4, 3, 5, 2];

const unasked: AttentionInputs = {
  states: random([time, batch, units], 'states') as Tensor3D,
  keys: random([time, batch, hidden], 'keys') as Tensor3D,
  queries: null,
  requestOf: null,
  score: random([hidden, 1], 'score') as Tensor2D,
  lengths: Int32Array.of(4, 0, 2),
};
const asked: AttentionInputs = {
  ...unasked,
  queries: random([6, hidden], 'queries') as Tensor2D,
  requestOf: Int32Array.of(0, 0, 1, 2, 2, 2),
};

function expectClose(got: readonly number[], expected: readonly number[], digits = 5): void {
  expect(got.length).toBe(expected.length);
  got.forEach((value, at) => {
    expect(value).toBeCloseTo(expected[at]!, digits);
  });
}

test.each([
  ['one question per history', unasked],
  ['several candidates per history', asked],
])('representation and weights equal their definition: %s', (_, inputs) => {
  const expected = attentionByHand(inputs);
  expectClose(
    [...attention(inputs).dataSync()],
    expected.flatMap(({ rep }) => rep),
  );
  expectClose(
    [...attentionWeights(inputs).dataSync()],
    expected.flatMap(({ weights }) => weights),
  );
});

test('an empty history gives zeros, not NaN', () => {
  expect(attention(unasked).arraySync()[1]).toEqual(new Array(units).fill(0));
});

test('what stands in padding steps changes nothing', () => {
  const noise = tf.tensor3d(
    Float32Array.from({ length: time * batch }, (_, i) => {
      const [t, row] = [Math.floor(i / batch), i % batch];
      return t < unasked.lengths[row]! ? 0 : 1e3;
    }),
    [time, batch, 1],
  );
  const noisy = {
    ...asked,
    states: tf.add(asked.states, noise),
    keys: tf.add(asked.keys, noise),
  } as AttentionInputs;
  expectClose([...attention(noisy).dataSync()], [...attention(asked).dataSync()]);
});

test.each([
  ['one question per history', unasked],
  ['several candidates per history', asked],
])('gradients agree with finite differences: %s', (_, inputs) => {
  const queries = inputs.requestOf?.length ?? batch;
  const direction = random([queries, units], 'direction');
  const tensors = [inputs.states, inputs.keys, inputs.score, ...(inputs.queries ? [inputs.queries] : [])];
  const loss = (states: Tensor3D, keys: Tensor3D, score: Tensor2D, q?: Tensor2D) =>
    tf.sum(tf.mul(attention({ ...inputs, states, keys, score, queries: q ?? null }), direction));
  const { grads } = tf.valueAndGrads(loss as never)(tensors);
  const step = 1e-2;
  tensors.forEach((tensor, which) => {
    const values = tensor.dataSync();
    const gradient = grads[which]!.dataSync();
    values.forEach((_, at) => {
      const moved = (delta: number) => {
        const copy = Float32Array.from(values);
        copy[at] = copy[at]! + delta;
        const args = tensors.map((t, k) => (k === which ? tf.tensor(copy, t.shape) : t));
        return (loss as (...args: unknown[]) => Tensor2D)(...args).dataSync()[0]!;
      };
      expect(gradient[at]!).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 2);
    });
  });
});

test('many queries are worked through in slices with the same result', () => {
  // 3,000 queries x 300 steps x 16 units are more than one slice holds.
  const many = 3000;
  const states = random([300, 2, 16], 'long') as Tensor3D;
  const keys = random([300, 2, 4], 'long keys') as Tensor3D;
  const queries = random([many, 4], 'many') as Tensor2D;
  const score = random([4, 1], 'long score') as Tensor2D;
  const requestOf = Int32Array.from({ length: many }, (_, i) => (i < 1000 ? 0 : 1));
  const lengths = Int32Array.of(300, 120);
  const whole = { states, keys, queries, requestOf, score, lengths };
  const last = { ...whole, queries: queries.slice([many - 1, 0], [1, 4]), requestOf: Int32Array.of(1) };
  const gradient = (inputs: AttentionInputs) =>
    tf.grad((q) => tf.sum(attention({ ...inputs, queries: q as Tensor2D })))(inputs.queries!);
  expectClose(
    [
      ...attention(whole)
        .slice([many - 1, 0], [1, 16])
        .dataSync(),
    ],
    [...attention(last).dataSync()],
  );
  expectClose(
    [
      ...gradient(whole)
        .slice([many - 1, 0], [1, 4])
        .dataSync(),
    ],
    [...gradient(last).dataSync()],
  );
});

test('no tensor is left behind, forward or backward', () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    tf.grad((states) => tf.sum(attention({ ...asked, states: states as Tensor3D })))(asked.states);
  });
  expect(tf.memory().numTensors).toBe(before);
});
