/** Means of rows of a matrix by segments, gathered and added up in one pass (TensorFlow's SparseSegmentMean). */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node';
import { attribute, FLOAT, INT32, kernelOne } from './kernel.js';
import { tf } from './tf.js';

const TYPES = [
  attribute.type('T', FLOAT),
  attribute.type('Tidx', INT32),
  attribute.type('Tsegmentids', INT32),
];
const MEAN = [...TYPES, attribute.type('Tnumsegments', INT32)];

export interface Segments {
  /** Row of each member. */
  readonly rows: Int32Array;
  /** Segment of each member, non-decreasing. */
  readonly segments: Int32Array;
  /** Number of segments; those without a member have zeros. */
  readonly count: number;
}

/** The mean of the rows of x [rows, size] over the members of each segment, [count, size]; differentiable in x. */
export function meanRows(x: Tensor2D, { rows, segments, count }: Segments): Tensor2D {
  const run = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [Tensor2D, (saved: Tensor[]) => void];
    const members = [tf.tensor1d(rows, 'int32'), tf.tensor1d(segments, 'int32')];
    save(members);
    return {
      value: tf.tidy(() =>
        kernelOne('SparseSegmentMeanWithNumSegments', MEAN, [x, ...members, tf.scalar(count, 'int32')]),
      ),
      gradFunc: (dy, saved) =>
        // Without members the kernel leaves its output as the memory was.
        rows.length === 0
          ? tf.zerosLike(x)
          : tf.tidy(() =>
              kernelOne('SparseSegmentMeanGrad', TYPES, [
                dy as Tensor,
                ...(saved as Tensor[]),
                tf.scalar(x.shape[0], 'int32'),
              ]),
            ),
    };
  });
  return run(x) as Tensor2D;
}
