/**
 * What a trained model makes of the histories of a batch, for people to look at: attention, gates, and the weights that
 * tasks give to ranking features.
 */
import type { Tensor2D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import { numbers } from '../engine/numbers.js';
import { tf } from '../engine/tf.js';
import { type EncodedBatch, encode, type RequestQuery, type Weights } from './forward.js';
import { valuesOfBatch } from './rows.js';
import type { ModelShape } from './shape.js';
import { towerOutputs } from './tower.js';
import type { ModelWeights } from './weights.js';

/** What the history of one request is asked with; `slot` is that of an item of the batch. */
export type Question =
  | { readonly kind: RequestQuery }
  | { readonly kind: 'candidate'; readonly slot: number };

export interface InspectedBatch {
  /** Weights of the steps for the question of each request, zero beyond a history, [batch, steps]. */
  readonly attention: Float32Array;
  /**
   * Mean activation of each gate over the units, [batch, steps]; beyond a history it means nothing. Null for a model without
   * a recurrence.
   */
  readonly gates: Readonly<Record<'input' | 'forget' | 'output', Float32Array>> | null;
  /** Task that ranks -> w(rep) of its requests in the batch, those with samples, row by row, [requests, features]. */
  readonly featureWeights: Readonly<Record<string, Float32Array>>;
}

/** `questions` has one for each request of the batch. */
export function inspectBatch(
  weights: ModelWeights,
  batch: Batch,
  questions: readonly Question[],
): InspectedBatch {
  const { shape } = weights;
  let inspected: InspectedBatch | undefined;
  tf.tidy(() => {
    const gathered = valuesOfBatch(weights, batch);
    const lookUp = (name: string) => (weights.dense.get(name) ?? weights.statistics.get(name)!).read();
    const encoded = encode(shape, lookUp, gathered, batch);
    const gates = encoded.histories.gates();
    inspected = {
      attention: attentionOf(encoded, batch, questions),
      gates: gates && {
        input: gates.input.dataSync() as Float32Array,
        forget: gates.forget.dataSync() as Float32Array,
        output: gates.output.dataSync() as Float32Array,
      },
      featureWeights: featureWeightsOf(shape, lookUp, batch, encoded),
    };
  });
  return inspected!;
}

/** Each kind of question is asked once, for the requests that have it. */
function attentionOf(
  { histories, asking, candidates }: EncodedBatch,
  { steps, lengths }: Batch,
  questions: readonly Question[],
): Float32Array {
  const attention = new Float32Array(lengths.length * steps);
  const slots = Int32Array.from(questions, (question) => ('slot' in question ? question.slot : 0));
  for (const kind of ['none', 'text', 'candidate'] as const) {
    const requests = Int32Array.from(
      [...questions.keys()].filter((request) => questions[request]!.kind === kind),
    );
    if (requests.length === 0) continue;
    const rows = (x: Tensor2D, at: Int32Array) => tf.gather(x, tf.tensor1d(at, 'int32')) as Tensor2D;
    const asked =
      kind === 'candidate'
        ? histories.weights({
            kind,
            vectors: rows(
              candidates('item'),
              requests.map((request) => slots[request]!),
            ),
            requestOf: requests,
          })
        : rows(histories.weights(asking(kind)), requests);
    const values = asked.dataSync() as Float32Array;
    for (const [row, request] of requests.entries()) {
      attention.set(values.subarray(row * steps, (row + 1) * steps), request * steps);
    }
  }
  return attention;
}

function featureWeightsOf(
  shape: ModelShape,
  lookUp: Weights,
  batch: Batch,
  encoded: EncodedBatch,
): Record<string, Float32Array> {
  const byTask: Record<string, Float32Array> = {};
  for (const [name, task] of Object.entries(shape.tasks)) {
    const requests = [...new Set(batch.tasks[name]?.request)];
    if (task.kind !== 'rank' || requests.length === 0) continue;
    byTask[name] = numbers(() => {
      const rep = tf.gather(encoded.represent(task.query as RequestQuery), tf.tensor1d(requests, 'int32'));
      return towerOutputs(name, task, rep as Tensor2D, lookUp, null);
    });
  }
  return byTask;
}
