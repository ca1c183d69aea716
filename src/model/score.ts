/** Logits of a batch's samples with a trained model: no dropout, no gradients. */
import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import { tf } from '../engine/tf.js';
import { encode, encodeStored, taskLogits } from './forward.js';
import { knownStates } from './known-states.js';
import { type FetchedValues, valuesOfBatch } from './rows.js';
import { candidateTables } from './shape.js';
import type { TowerPass } from './tower.js';
import type { ModelWeights } from './weights.js';

/**
 * Task -> logits [samples, outputs] in the order of its samples in the batch; tasks without samples are left out.
 * `see`, where given, is called with the inputs of each normalised layer (`tasks/<task>/<layer>`, [samples, units]);
 * `stored` gives the representations of the batch's requests, [batch, units], which are worked out otherwise; `states` are those of
 * its histories, [time, batch, units], where they are known; `fetched` are the rows of the tables where other processes hold them.
 */
export function scoreBatch(
  weights: ModelWeights,
  batch: Batch,
  {
    see,
    stored,
    states,
    fetched,
  }: {
    readonly see?: (layer: string, z: Tensor2D) => void;
    readonly stored?: ((batch: Batch) => Tensor2D) | undefined;
    readonly states?: Float32Array | null;
    readonly fetched?: FetchedValues | undefined;
  } = {},
): Record<string, Float32Array> {
  const { shape } = weights;
  const scores: Record<string, Float32Array> = {};
  const pass: TowerPass | null = see
    ? {
        dropout: null,
        watch: (_, representation) => representation,
        moments: (layer, z) => {
          see(layer, z);
          return null;
        },
      }
    : null;
  tf.tidy(() => {
    const gathered = valuesOfBatch(weights, batch, {
      fetched,
      ...(stored && { tables: candidateTables(shape) }),
    });
    const lookUp = (name: string) => (weights.dense.get(name) ?? weights.statistics.get(name)!).read();
    const encoded = stored
      ? encodeStored(shape, gathered, batch, stored(batch))
      : encode(shape, lookUp, gathered, batch, knownStates(shape, batch, states ?? null));
    const logits = taskLogits(shape, lookUp, batch, encoded, pass);
    for (const [name, values] of Object.entries(logits)) scores[name] = values.dataSync() as Float32Array;
  });
  return scores;
}
