/** Logits of a batch's samples with a trained model: no dropout, no gradients. */
import type { Batch } from '../dataset/batch.js';
import { tf } from '../engine/tf.js';
import { encode, taskLogits } from './forward.js';
import { gatherRows, rowsOfBatch } from './rows.js';
import type { ModelWeights } from './weights.js';

/** Task -> logits [samples, outputs] in the order of its samples in the batch; tasks without samples are left out. */
export function scoreBatch(weights: ModelWeights, batch: Batch): Record<string, Float32Array> {
  const { shape } = weights;
  const scores: Record<string, Float32Array> = {};
  tf.tidy(() => {
    const rows = gatherRows(weights, rowsOfBatch(shape, batch));
    const gathered = Object.fromEntries(Object.entries(rows).map(([name, { values }]) => [name, values]));
    const lookUp = (name: string) => weights.dense.get(name)!.read();
    const logits = taskLogits(shape, lookUp, batch, encode(shape, lookUp, gathered, batch), null);
    for (const [name, values] of Object.entries(logits)) scores[name] = values.dataSync() as Float32Array;
  });
  return scores;
}
