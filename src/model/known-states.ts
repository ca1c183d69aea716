/** The states of histories, worked out once and given back later: they depend on the events alone, not on what is asked of them. */
import type { Tensor3D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import { numbers } from '../engine/numbers.js';
import { tf } from '../engine/tf.js';
import { encodeStates } from './forward.js';
import { valuesOfBatch } from './rows.js';
import type { ModelShape } from './shape.js';
import type { ModelWeights } from './weights.js';

/** States of the histories of a batch, [time, batch, units]; at padding steps they mean nothing. */
export function statesOfBatch(weights: ModelWeights, batch: Batch): Float32Array {
  const { shape, dense } = weights;
  return numbers(() => {
    const gathered = valuesOfBatch(weights, batch);
    return encodeStates(shape, (name) => dense.get(name)!.read(), gathered, batch);
  });
}

/** The same as a tensor, which the caller's scope owns. */
export function knownStates(
  { units }: ModelShape,
  { steps, lengths }: Batch,
  states: Float32Array | null,
): Tensor3D | null {
  return states && tf.tensor3d(states, [steps, lengths.length, units]);
}
