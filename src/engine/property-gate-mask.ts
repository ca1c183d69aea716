/** Which weights of the property gated LSTM the properties have: those of the gates, not that of the candidate. */
import type { Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from './tf.js';

/** 1 where a weight from the properties is used, 0 in the block of the candidate: [1, 4 units]. */
export function propertyGateMask(units: number): Tensor2D {
  return tf.tidy(() =>
    tf.concat([tf.ones([1, 2 * units]), tf.zeros([1, units]), tf.ones([1, units])], 1),
  ) as Tensor2D;
}
