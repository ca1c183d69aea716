/** Scores of encoded requests, in batches of requests of similar length. */

import { probabilities } from '../model/probabilities.js';
import { scoreBatch } from '../model/score.js';
import type { ModelWeights } from '../model/weights.js';
import { buildBatch } from './build-batch.js';
import type { AskedRequest } from './encoded.js';

/** Requests of a batch at most. */
const BATCH_REQUESTS = 256;

/** Samples of a batch at most, but for those of one request. */
const BATCH_SAMPLES = 16_384;

/**
 * Logits of the data (class weights undone) of all samples of a task, in the order of the requests and of their samples, row
 * by row, [samples, outputs].
 */
export function scoreRequests(
  weights: ModelWeights,
  task: string,
  asked: readonly AskedRequest[],
): Float32Array {
  const { outputs } = weights.shape.tasks[task]!;
  const starts = new Int32Array(asked.length + 1);
  const countOf = ({ tasks }: AskedRequest) => tasks[task]?.length ?? 0;
  for (const [at, one] of asked.entries()) starts[at + 1] = starts[at]! + countOf(one);
  const logits = new Float32Array(starts[asked.length]! * outputs);
  for (const part of batchesOf(asked)) {
    const batch = buildBatch(
      weights.shape,
      part.map((at) => asked[at]!),
    );
    const scored = scoreBatch(weights, batch)[task] ?? new Float32Array(0);
    let done = 0;
    for (const at of part) {
      const length = (starts[at + 1]! - starts[at]!) * outputs;
      logits.set(scored.subarray(done, done + length), starts[at]! * outputs);
      done += length;
    }
  }
  return logitsOfData(weights, task, logits);
}

/** Logits as a tower gives them, with class weights undone. */
export function logitsOfData(
  { shape }: Pick<ModelWeights, 'shape'>,
  task: string,
  logits: Float32Array,
): Float32Array {
  const { outputs, weightCorrection } = shape.tasks[task]!;
  return logits.map((logit, at) => logit + weightCorrection[at % outputs]!);
}

/** Probabilities of such logits: among all candidates where negatives were drawn evenly. */
export function probabilitiesOf(
  { shape }: Pick<ModelWeights, 'shape'>,
  task: string,
  logits: Float32Array,
): Float32Array {
  const { outputs, drawCorrection } = shape.tasks[task]!;
  return probabilities(logits, outputs, drawCorrection ?? 0);
}

/** Positions of the requests of each batch, the shortest histories first. */
export function batchesOf(asked: readonly AskedRequest[]): number[][] {
  const lengthOf = (at: number) => asked[at]!.request.events.length;
  const order = [...asked.keys()].sort((a, b) => lengthOf(a) - lengthOf(b));
  const batches: number[][] = [];
  let samples = 0;
  for (const at of order) {
    const more = Object.values(asked[at]!.tasks).reduce((sum, { length }) => sum + length, 0);
    const last = batches.at(-1);
    if (!last || last.length === BATCH_REQUESTS || samples + more > BATCH_SAMPLES) {
      batches.push([at]);
      samples = more;
    } else {
      last.push(at);
      samples += more;
    }
  }
  return batches;
}
