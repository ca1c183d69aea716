/**
 * The tower of a task: an MLP with ReLU and dropout over rep, or [rep; candidate], down to its logits. That of a task
 * that ranks gives a weight for each ranking feature r instead: s = weight(rep)^T r (Ni et al., KDD 2018, section 3.3).
 */
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { tensorSeed } from '../engine/random.js';
import { relu } from '../engine/relu.js';
import { type Moments, normalise } from './batch-normalisation.js';
import { dense, dropout } from './dense.js';
import type { Weights } from './forward.js';
import { towerPrefix } from './parameters.js';
import type { TaskShape } from './shape.js';

/** Dropout of one training step. */
export interface Dropout {
  /** Task -> share of the hidden units that are dropped. */
  readonly rates: Readonly<Record<string, number>>;
  /** Seed of the run, and what no other step has: its number, and of a step of several processes the process too. */
  readonly seed: readonly [number, number | string];
}

/** What is done to the towers beside asking them: by a training step, or to measure their activations. */
export interface TowerPass {
  /** null where nothing is dropped. */
  readonly dropout: Dropout | null;
  /** Sees the representation that the tower of a task reads; what it returns is read instead. */
  watch(task: string, representation: Tensor2D): Tensor2D;
  /**
   * Sees the inputs z [samples, units] of the normalisation of a layer (`tasks/<task>/<layer>`), and returns the moments to
   * normalise by, or null for the moving statistics.
   */
  moments(layer: string, z: Tensor2D): Moments | null;
}

/** Logits [samples, outputs], or weights [samples, features], of inputs [samples, units]. */
export function towerOutputs(
  name: string,
  task: TaskShape,
  inputs: Tensor2D,
  weights: Weights,
  pass: TowerPass | null,
): Tensor2D {
  let x = inputs;
  for (let layer = 0; layer <= task.layers.length; layer++) {
    const prefix = `${towerPrefix(name)}${layer}`;
    x = dense(x, weights(`${prefix}/kernel`) as Tensor2D, weights(`${prefix}/bias`) as Tensor1D);
    if (layer === task.layers.length) break;
    if (task.batchNormalisation) x = normalise(x, prefix, weights, pass?.moments(prefix, x) ?? null);
    x = relu(x);
    const drop = pass?.dropout;
    if (drop) {
      x = dropout(x, drop.rates[name] ?? 0, tensorSeed(drop.seed[0], 'dropout', drop.seed[1], name, layer));
    }
  }
  return x;
}
