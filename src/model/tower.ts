/**
 * The tower of a task: an MLP with ReLU and dropout over rep, or [rep; candidate], down to its logits. That of a task
 * that ranks gives a weight for each ranking feature r instead: s = weight(rep)^T r (Ni et al., KDD 2018, section 3.3).
 */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { tensorSeed } from '../engine/random.js';
import { tf } from '../engine/tf.js';
import { dense, dropout } from './dense.js';
import type { Weights } from './forward.js';
import type { TaskShape } from './shape.js';

/** Dropout of one training step; null where nothing is dropped. */
export interface Dropout {
  /** Task -> share of the hidden units that are dropped. */
  readonly rates: Readonly<Record<string, number>>;
  /** Seed of the run and number of the step. */
  readonly seed: readonly [number, number];
}

/** Logits [samples, outputs], or weights [samples, features], of inputs [samples, units]. */
export function towerOutputs(
  name: string,
  task: TaskShape,
  inputs: Tensor2D,
  weights: Weights,
  drop: Dropout | null,
): Tensor2D {
  let x = inputs;
  for (let layer = 0; layer <= task.layers.length; layer++) {
    const prefix = `tasks/${name}/${layer}`;
    x = dense(x, weights(`${prefix}/kernel`) as Tensor2D, weights(`${prefix}/bias`) as Tensor1D);
    if (layer === task.layers.length) break;
    x = tf.relu(x);
    if (drop)
      x = dropout(x, drop.rates[name] ?? 0, tensorSeed(drop.seed[0], 'dropout', drop.seed[1], name, layer));
  }
  return x;
}
