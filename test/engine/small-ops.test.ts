import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node';
import { expect, test } from 'vitest';
import { halfSquare } from '../../src/engine/half-square.js';
import { meanRows } from '../../src/engine/mean-rows.js';
import { normal, tensorSeed } from '../../src/engine/random.js';
import { relu } from '../../src/engine/relu.js';
import { takeRows } from '../../src/engine/take-rows.js';
import { tf } from '../../src/engine/tf.js';

const x = normal([5, 3], tensorSeed(3, 'x')) as Tensor2D;
const at = tf.tensor2d(
  [
    [4, 0],
    [0, 0],
    [2, 4],
  ],
  [3, 2],
  'int32',
);

const members = {
  rows: Int32Array.of(4, 0, 0, 2, 1, 4),
  segments: Int32Array.of(0, 1, 1, 1, 3, 3),
  count: 4,
};
const shares = [0, 0, 0, 0, 1, 2 / 3, 0, 1 / 3, 0, 0, 0, 0, 0, 0, 0, 0, 1 / 2, 0, 0, 1 / 2];

test.each<readonly [string, (x: Tensor) => Tensor, (x: Tensor) => Tensor]>([
  ['relu', relu, (x) => tf.relu(x)],
  ['halfSquare', halfSquare, (x) => tf.div(tf.sum(tf.square(x)), 2)],
  [
    'meanRows',
    (x) => meanRows(x as Tensor2D, members),
    // Of segments of one, three and two rows, and of one without any.
    (x) => tf.matMul(tf.tensor2d(shares, [4, 5]), x as Tensor2D),
  ],
  [
    'meanRows of nothing',
    (x) => meanRows(x as Tensor2D, { rows: new Int32Array(0), segments: new Int32Array(0), count: 2 }),
    (x) => tf.mul(x.slice([0, 0], [2, 3]), 0),
  ],
  ['takeRows', (x) => takeRows(x as Tensor2D, at), (x) => tf.gather(x, at)],
])(
  '%s has the values and the gradient of the operation of tfjs, and leaves no tensor behind',
  (_, ours, theirs) => {
    const before = tf.memory().numTensors;
    const [got, expected] = [ours, theirs].map((run) =>
      [tf.tidy(() => run(x)), tf.tidy(() => tf.grad((x) => tf.sum(tf.square(run(x))))(x))].map((tensor) => {
        const { shape } = tensor;
        const values = [...tensor.dataSync()];
        tensor.dispose();
        return { shape, values };
      }),
    );
    got!.forEach(({ shape, values }, which) => {
      expect(shape).toEqual(expected![which]!.shape);
      values.forEach((value, k) => {
        expect(value).toBeCloseTo(expected![which]!.values[k]!, 4);
      });
    });
    expect(tf.memory().numTensors).toBe(before);
  },
);
