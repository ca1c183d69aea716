/** The held-out part of the training period: one number that decides which weights are the best so far. */
import type { Batch } from '../dataset/batch.js';
import { auc } from '../evaluation/auc.js';
import { Predictions } from '../evaluation/predictions.js';
import { scoreBatches } from '../model/score-batches.js';
import type { ModelWeights } from '../model/weights.js';

export interface Validation {
  /** `auc[task]` of every task whose samples have both classes. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Their mean, which is compared; null when no task has both classes. */
  readonly score: number | null;
}
