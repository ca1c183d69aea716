/** Scores of a stream of batches as logits of the data, with what an evaluation needs to know of each sample. */
import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import type { FetchedValues } from './rows.js';
import { scoreBatch } from './score.js';
import type { ModelWeights } from './weights.js';

/** Scored samples of one task in one batch; arrays [samples] but for the logits. */
export interface ScoredSamples {
  readonly task: string;
  /** Row by row, class weights undone, [samples, outputs]. */
  readonly logits: Float32Array;
  /** Logits of a sample: 1 of a binary task, else one for each class. */
  readonly outputs: number;
  readonly label: Float32Array;
  readonly weight: Float32Array;
  /** Index of the request in the prepared data. */
  readonly request: Int32Array;
  /** Index of the sample in the task. */
  readonly sample: Int32Array;
}

/** Goes through the batches in their order; `stored` as of `scoreBatch`. */
export async function* scoreBatches(
  weights: ModelWeights,
  batches: AsyncIterable<Batch>,
  stored?: (batch: Batch) => Tensor2D,
): AsyncGenerator<ScoredSamples> {
  for await (const batch of batches) yield* scoredSamples(weights, batch, { stored });
}

/** Those of one batch, task by task. */
export function* scoredSamples(
  weights: ModelWeights,
  batch: Batch,
  from: {
    readonly stored?: ((batch: Batch) => Tensor2D) | undefined;
    readonly fetched?: FetchedValues | undefined;
  },
): Generator<ScoredSamples> {
  for (const [task, logits] of Object.entries(scoreBatch(weights, batch, from))) {
    const { request, label, weight, sample } = batch.tasks[task]!;
    const { outputs, weightCorrection } = weights.shape.tasks[task]!;
    yield {
      task,
      logits: logits.map((logit, at) => logit + weightCorrection[at % outputs]!),
      outputs,
      label,
      weight,
      request: request.map((row) => batch.requests[row]!),
      sample,
    };
  }
}
