/** A dense layer and the dropout between layers. */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { matMul } from '../engine/mat-mul.js';
import { type TensorSeed, uniform } from '../engine/random.js';
import { tf } from '../engine/tf.js';

/** x [n, inputs] times kernel [inputs, units] plus bias [units]. */
export function dense(x: Tensor2D, kernel: Tensor2D, bias: Tensor1D): Tensor2D {
  return tf.add(matMul(x, kernel), bias);
}

/** Drops each number with probability `rate` and scales the others so that the expectation stays. */
export function dropout(x: Tensor2D, rate: number, seed: TensorSeed): Tensor2D {
  if (rate === 0) return x;
  if (rate === 1) return tf.zerosLike(x);
  const kept = tf.cast(tf.greaterEqual(uniform(x.shape, seed), rate), 'float32');
  return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
}
