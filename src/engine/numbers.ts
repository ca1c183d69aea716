/** Reads the result of a computation and frees everything that it made. */
import type { Tensor } from '@tensorflow/tfjs-node';
import { tf } from './tf.js';

/**
 * The numbers of the tensor that `compute` returns. Returning an array from `tf.tidy` itself would make it look for
 * tensors among millions of numbers, one by one.
 */
export function numbers(compute: () => Tensor): Float32Array {
  let values: Float32Array | undefined;
  tf.tidy(() => {
    values = compute().dataSync() as Float32Array;
  });
  return values!;
}
