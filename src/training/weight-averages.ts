/**
 * Exponential moving averages of the dense weights over the steps (Polyak and Juditsky 1992), which move less from one validation to
 * the next than the weights themselves. Rows of tables, which Adagrad moves less and less, are not averaged.
 */
import { attribute, FLOAT, kernel } from '../engine/kernel.js';
import { ResourceVariable } from '../engine/resource-variable.js';
import { tf } from '../engine/tf.js';
import type { ModelWeights } from '../model/weights.js';

const DESCENT = [attribute.type('T', FLOAT), attribute.bool('use_locking', false)];

export class WeightAverages {
  /** `<weight>/average` of dense weights; who made this disposes of them. */
  readonly slots: ReadonlyMap<string, ResourceVariable>;
  /** The same model with the averages for its dense weights; shares all of its memory, and is not disposed of. */
  readonly averaged: ModelWeights;

  /** They start at what the weights are now. `decay`: what is kept of an average at a step, in (0, 1). */
  constructor(
    private readonly weights: ModelWeights,
    private readonly decay: number,
  ) {
    const averages = new Map(
      [...weights.dense].map(([name, { shape }]) => [name, new ResourceVariable(shape)]),
    );
    for (const [name, average] of averages) {
      tf.tidy(() => average.assign(weights.dense.get(name)!.read()));
    }
    this.slots = new Map([...averages].map(([name, average]) => [`${name}/average`, average]));
    this.averaged = { ...weights, dense: averages, dispose() {} };
  }

  /** After a step, which counts from 1. The first ones keep less, so that little is left of where training started. */
  update(step: number): void {
    const decay = Math.min(this.decay, (1 + step) / (10 + step));
    tf.tidy(() => {
      const rate = tf.scalar(1 - decay);
      for (const [name, average] of this.averaged.dense) {
        const difference = tf.sub(average.read(), this.weights.dense.get(name)!.read());
        kernel('ResourceApplyGradientDescent', DESCENT, [average.handle, rate, difference], 0);
      }
    });
  }
}
