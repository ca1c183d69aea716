/** What a model reads of the latest behaviours beside the recurrent states: the means of [e; p] over the latest n of a history. */
import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import { meanRows } from '../engine/mean-rows.js';
import { tf } from '../engine/tf.js';
import type { HistoryVectors } from './history-encoder.js';
import { latestOf, type ModelShape } from './shape.js';

/** The means for each n of the shape side by side, [batch, units]; zeros for an empty history. Null for a model without. */
export function latestMeans(
  shape: ModelShape,
  batch: Pick<Batch, 'steps' | 'lengths' | 'history' | 'property'>,
  { items, properties }: Pick<HistoryVectors, 'items' | 'properties'>,
): Tensor2D | null {
  const means = latestOf(shape).flatMap((n) => {
    const { steps, segments } = latestSteps(batch.lengths, n);
    const count = batch.lengths.length;
    const meanOf = (x: Tensor2D, slots: Int32Array) =>
      meanRows(x, { rows: steps.map((at) => slots[at]!), segments, count });
    return [meanOf(items, batch.history), ...(properties ? [meanOf(properties, batch.property)] : [])];
  });
  if (means.length === 0) return null;
  return means.length === 1 ? means[0]! : (tf.concat(means, 1) as Tensor2D);
}

/** Places of the latest n steps of each history in arrays [time, batch], and the row of the batch of each. */
function latestSteps(lengths: Int32Array, n: number): { steps: Int32Array; segments: Int32Array } {
  const total = lengths.reduce((sum, length) => sum + Math.min(n, length), 0);
  const steps = new Int32Array(total);
  const segments = new Int32Array(total);
  let at = 0;
  for (const [row, length] of lengths.entries()) {
    for (let step = Math.max(0, length - n); step < length; step++, at++) {
      steps[at] = step * lengths.length + row;
      segments[at] = row;
    }
  }
  return { steps, segments };
}
