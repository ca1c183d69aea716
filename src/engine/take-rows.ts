/** Rows of a matrix with their gradient by UnsortedSegmentSum: that of `tf.gather` turns and reshapes the matrix first. */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node';
import { attribute, FLOAT, INT32, kernelOne } from './kernel.js';
import { tf } from './tf.js';

const GATHER = [
  attribute.int('batch_dims', 0),
  attribute.type('Tparams', FLOAT),
  attribute.type('Tindices', INT32),
  attribute.type('Taxis', INT32),
];
const SUM = [
  attribute.type('T', FLOAT),
  attribute.type('Tindices', INT32),
  attribute.type('Tnumsegments', INT32),
];

/** The rows `indices` (int32, of any shape) of x [rows, size] as [...indices, size]; differentiable in x. */
export function takeRows<T extends Tensor = Tensor2D>(x: Tensor2D, indices: Tensor): T {
  const run = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [Tensor2D, (saved: Tensor[]) => void];
    save([indices]);
    return {
      value: tf.tidy(() => kernelOne('GatherV2', GATHER, [x, indices, tf.scalar(0, 'int32')])),
      gradFunc: (dy, saved) =>
        tf.tidy(() =>
          kernelOne('UnsortedSegmentSum', SUM, [
            dy as Tensor,
            (saved as Tensor[])[0]!,
            tf.scalar(x.shape[0], 'int32'),
          ]),
        ),
    };
  });
  return run(x) as T;
}
