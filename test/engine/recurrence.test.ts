import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import { expect, test } from 'vitest';
import { gateActivations } from '../../src/engine/block-recurrence.js';
import { type Histories, type RecurrenceWeights, recurrence } from '../../src/engine/recurrence.js';
import { tf } from '../../src/engine/tf.js';
import { byHand, sigmoid } from './cell-by-hand.js';
import { random, randomHistories } from './random-histories.js';

function expectClose(got: readonly number[], expected: readonly number[]): void {
  expect(got.length).toBe(expected.length);
  got.forEach((value, at) => {
    expect(value).toBeCloseTo(expected[at]!, 5);
  });
}

test.each([false, true])('the cell equals the equations in plain numbers, peepholes %s', (peepholes) => {
  const input = randomHistories({ time: 4, batch: 3, e: 5, p: 2, units: 3, peepholes });
  const states = recurrence(input.histories, input.weights).arraySync() as number[][][];
  expectClose(states.flat(2), byHand(input).h.flat(2));
});

test.each([false, true])('the mean gates equal those of the equations, peepholes %s', (peepholes) => {
  const input = randomHistories({ time: 4, batch: 3, e: 5, p: 2, units: 3, peepholes });
  const got = gateActivations(input.histories, input.weights);
  const { gates } = byHand(input);
  for (const [at, name] of (['input', 'forget', 'output'] as const).entries()) {
    const means = gates.flatMap((batch) => batch.map((of) => of[at]!.reduce((a, b) => a + b) / 3));
    expect(got[name].shape).toEqual([4, 3]);
    expectClose([...got[name].dataSync()], means);
  }
});

test('one unit over two steps gives the numbers of a calculation on paper', () => {
  const histories: Histories = {
    items: tf.tensor2d([[1], [-1]]),
    properties: tf.tensor2d([[2]]),
    itemAt: tf.tensor2d([[0], [1]], [2, 1], 'int32'),
    propertyAt: tf.tensor2d([[0], [0]], [2, 1], 'int32'),
    lengths: Int32Array.of(2),
  };
  const weights: RecurrenceWeights = {
    item: tf.tensor2d([[0.5, -0.5, 1, 0.25]]),
    property: tf.tensor2d([[0.5, 0.25, 100, -0.5]]),
    recurrent: tf.tensor2d([[1, 1, 1, 1]]),
    bias: tf.tensor1d([0, 1, 0, 0]),
    peephole: null,
  };
  // Step 1: i = s(1.5), f = s(1), o = s(-0.75), c = i tanh(1) = 0.622671, h = o tanh(c) = 0.177388
  // Step 2: i = s(0.677388), f = s(2.177388), o = s(-1.072612), candidate = tanh(-0.822612)
  const i1 = 0.8175744762;
  const c1 = i1 * 0.761594156;
  const h1 = 0.320821301 * Math.tanh(c1);
  const c2 = sigmoid(2 + h1) * c1 + sigmoid(0.5 + h1) * Math.tanh(-1 + h1);
  const h2 = sigmoid(-1.25 + h1) * Math.tanh(c2);
  const states = recurrence(histories, weights).dataSync();
  expect(states[0]).toBeCloseTo(h1, 6);
  expect(states[1]).toBeCloseTo(h2, 6);
});

test('with property weights of zero it equals the LSTM layer of tfjs', () => {
  const { histories, weights } = randomHistories({ time: 5, batch: 2, e: 4, p: 2, units: 3 });
  const layer = tf.layers.lstm({ units: 3, returnSequences: true, recurrentActivation: 'sigmoid' });
  const x = tf.gather(histories.items, histories.itemAt).transpose([1, 0, 2]);
  layer.apply(x);
  layer.setWeights([weights.item, weights.recurrent, weights.bias]);
  const expected = (layer.apply(x) as Tensor3D).transpose([1, 0, 2]).dataSync();
  const states = recurrence(histories, { ...weights, property: tf.zerosLike(weights.property!) }).dataSync();
  expectClose([...states], [...expected]);
});

test('the properties never reach the candidate', () => {
  const { histories, weights } = randomHistories({ time: 3, batch: 2, e: 4, p: 2, units: 3 });
  const candidate = tf.concat([tf.zeros([2, 6]), tf.fill([2, 3], 50), tf.zeros([2, 3])], 1);
  const before = recurrence(histories, weights).dataSync();
  const after = recurrence(histories, {
    ...weights,
    property: tf.add<Tensor2D>(weights.property!, candidate),
  }).dataSync();
  expect([...after]).toEqual([...before]);
  const { grads } = tf.valueAndGrads((property) =>
    tf.sum(recurrence(histories, { ...weights, property: property as Tensor2D })),
  )([weights.property!]);
  expect(tf.max(tf.abs(grads[0]!.slice([0, 6], [2, 3]))).dataSync()[0]).toBe(0);
});

test('later steps never change earlier states', () => {
  const { histories, weights } = randomHistories({ time: 5, batch: 3, e: 4, p: 2, units: 3 });
  const cut = (x: Tensor2D) => x.slice([0, 0], [3, 3]);
  const short = {
    ...histories,
    itemAt: cut(histories.itemAt),
    propertyAt: cut(histories.propertyAt),
    lengths: Int32Array.of(3, 3, 3),
  };
  const whole = recurrence(histories, weights).slice([0, 0, 0], [3, 3, 3]).dataSync();
  expect([...recurrence(short, weights).dataSync()]).toEqual([...whole]);
});

test('every gradient agrees with finite differences', () => {
  const { histories, weights } = randomHistories({
    time: 4,
    batch: 3,
    e: 3,
    p: 2,
    units: 2,
    peepholes: true,
  });
  const direction = random([4, 3, 2], 'direction');
  const tensors = [
    histories.items,
    histories.properties!,
    weights.item,
    weights.property!,
    weights.recurrent,
    weights.bias,
    weights.peephole!,
  ];
  const loss = (
    items: Tensor2D,
    properties: Tensor2D,
    item: Tensor2D,
    property: Tensor2D,
    recurrent: Tensor2D,
    bias: Tensor1D,
    peephole: Tensor2D,
  ) => {
    const all = { item, property, recurrent, bias, peephole };
    return tf.sum(tf.mul(recurrence({ ...histories, items, properties }, all), direction));
  };
  const { grads } = tf.valueAndGrads(loss as never)(tensors);
  const step = 1e-2;
  tensors.forEach((tensor, which) => {
    const values = tensor.dataSync();
    values.forEach((_, at) => {
      const at_ = (delta: number) => {
        const moved = Float32Array.from(values);
        moved[at] = moved[at]! + delta;
        const args = tensors.map((t, k) => (k === which ? tf.tensor(moved, t.shape) : t));
        return (loss as (...args: unknown[]) => Tensor3D)(...args).dataSync()[0]!;
      };
      const slope = (at_(step) - at_(-step)) / (2 * step);
      expect(grads[which]!.dataSync()[at]!).toBeCloseTo(slope, 2);
    });
  });
});

test('no tensor is left behind', () => {
  const { histories, weights } = randomHistories({ time: 3, batch: 2, e: 4, p: 2, units: 3 });
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    recurrence(histories, weights);
    gateActivations(histories, weights);
  });
  expect(tf.memory().numTensors).toBe(before);
});
