/** The held-out part of the training period: one number that decides which weights are the best so far. */
import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { TaskKind } from '../common/prepared.js';
import type { Batch } from '../dataset/batch.js';
import { auc } from '../evaluation/auc.js';
import { macroAuc } from '../evaluation/macro-auc.js';
import { gatherPredictions, type PredictionColumns } from '../evaluation/predictions.js';
import { scoreBatches } from '../model/score-batches.js';
import type { ModelWeights } from '../model/weights.js';

export interface Validation {
  /** `auc[task]` (binary) or `macroAuc[task]` (several classes) of every task whose samples have two classes. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Their mean, which is compared; null when no task has two classes. */
  readonly score: number | null;
}

/** `stored`, where given, gives the representations of a batch's requests. */
export async function validate(
  weights: ModelWeights,
  batches: AsyncIterable<Batch>,
  stored?: (batch: Batch) => Tensor2D,
): Promise<Validation> {
  const metrics: Record<string, number> = {};
  for (const [task, columns] of await gatherPredictions(scoreBatches(weights, batches, stored))) {
    const [name, value] = areaOf(weights.shape.tasks[task]!.kind, columns);
    if (value !== null) metrics[`${name}[${task}]`] = value;
  }
  const values = Object.values(metrics);
  const score = values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  return { metrics, score };
}

function areaOf(kind: TaskKind, columns: PredictionColumns): readonly [name: string, value: number | null] {
  switch (kind) {
    case 'binary':
    case 'rank':
      return ['auc', auc(columns)];
    case 'multiclass':
      return ['macroAuc', macroAuc({ ...columns, classes: columns.outputs })];
  }
}
