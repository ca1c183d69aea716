/** Random tensors that depend on their seed alone: the same seed gives the same numbers in every run. */
import { createHash } from 'node:crypto';
import type { Tensor } from '@tensorflow/tfjs-node';
import { attribute, FLOAT, INT32, kernelOne } from './kernel.js';
import { tf } from './tf.js';

const ATTRIBUTES = [
  attribute.type('dtype', FLOAT),
  attribute.type('T', INT32),
  attribute.type('Tseed', INT32),
];

/** A seed for one purpose, derived from the run's seed: labels that differ give streams that are independent. */
export type TensorSeed = readonly [number, number];

export function tensorSeed(seed: number, ...labels: readonly (string | number)[]): TensorSeed {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...labels]))
    .digest();
  return [digest.readInt32LE(0), digest.readInt32LE(4)];
}

function stateless(op: string, shape: readonly number[], seed: TensorSeed): Tensor {
  return tf.tidy(() =>
    kernelOne(op, ATTRIBUTES, [
      tf.tensor1d(Int32Array.from(shape), 'int32'),
      tf.tensor1d(Int32Array.from(seed), 'int32'),
    ]),
  );
}

/** Uniform in [0, 1). */
export function uniform(shape: readonly number[], seed: TensorSeed): Tensor {
  return stateless('StatelessRandomUniform', shape, seed);
}

/** Normal with mean 0 and deviation 1. */
export function normal(shape: readonly number[], seed: TensorSeed): Tensor {
  return stateless('StatelessRandomNormal', shape, seed);
}
