/** The held-out part of the training period: one number that decides which weights are the best so far. */
import type { Batch } from '../dataset/batch.js';
import { auc } from '../evaluation/auc.js';
import { gatherPredictions } from '../evaluation/predictions.js';
import { scoreBatches } from '../model/score-batches.js';
import type { ModelWeights } from '../model/weights.js';

export interface Validation {
  /** `auc[task]` of every task whose samples have both classes. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Their mean, which is compared; null when no task has both classes. */
  readonly score: number | null;
}

export async function validate(weights: ModelWeights, batches: AsyncIterable<Batch>): Promise<Validation> {
  const metrics: Record<string, number> = {};
  for (const [task, columns] of await gatherPredictions(scoreBatches(weights, batches))) {
    const value = auc(columns);
    if (value !== null) metrics[`auc[${task}]`] = value;
  }
  const values = Object.values(metrics);
  const score = values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  return { metrics, score };
}
