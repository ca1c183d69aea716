/**
 * Batch normalisation (Ioffe and Szegedy 2015): y = gamma (z - mean) / sqrt(variance + epsilon) + beta, by the moments of
 * the batch in training and by moving statistics otherwise.
 */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { tf } from '../engine/tf.js';
import type { Weights } from './forward.js';

export const EPSILON = 1e-3;

/** Share of the moving statistics that a training step keeps. */
export const MOMENTUM = 0.99;

/** Over the samples of a batch, each [units]; the variance is the mean squared deviation. */
export interface Moments {
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
}

export function momentsOf(z: Tensor2D): Moments {
  const { mean, variance } = tf.moments(z, 0);
  return { mean: mean as Tensor1D, variance: variance as Tensor1D };
}

/** z [samples, units] by the given moments, or by the moving statistics of the layer. */
export function normalise(z: Tensor2D, layer: string, weights: Weights, moments: Moments | null): Tensor2D {
  const { mean, variance } = moments ?? {
    mean: weights(`${layer}/mean`),
    variance: weights(`${layer}/variance`),
  };
  const scale = tf.mul(tf.rsqrt(tf.add(variance, EPSILON)), weights(`${layer}/gamma`));
  return tf.add(tf.mul(tf.sub(z, mean), scale), weights(`${layer}/beta`));
}
