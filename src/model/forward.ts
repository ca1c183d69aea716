/**
 * DUPN from a batch to logits (Ni et al., KDD 2018, figure 2): item vectors, property gated LSTM, attention, and one
 * tower per task on rep = [rep_s; u] and the candidate. Each request is encoded once for all its samples and tasks.
 */
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import { relu } from '../engine/relu.js';
import { takeRows } from '../engine/take-rows.js';
import { tf } from '../engine/tf.js';
import { dense } from './dense.js';
import { concatenatedFields, type GatheredRows, rowVectors } from './fields.js';
import { type EncodedHistories, encodeHistories, historyStates, type Queries } from './history-encoder.js';
import { latestMeans } from './latest.js';
import { matchNumbers } from './matches.js';
import { candidateShape, type ModelShape, matchesOf } from './shape.js';
import { type TowerPass, towerOutputs } from './tower.js';

/** Looks a dense weight up by its name (src/model/parameters.ts). */
export type Weights = (name: string) => Tensor;

/** What a request can be asked with that does not depend on a candidate. */
export type RequestQuery = 'text' | 'none';

/** A batch after the shared part of the network. */
export interface Encoded {
  /** rep = [rep_s; means of the latest behaviours; u] of every request, [batch, units]. */
  represent(query: RequestQuery): Tensor2D;
  /** The same of some requests (rows of the batch), each asked with the vector e of an item, [queries, units]. */
  representFor(e: Tensor2D, requestOf: Int32Array): Tensor2D;
  /** item and entities -> vectors of the distinct candidates, [candidates, units]. */
  candidates(name: string): Tensor2D;
}

/** A batch whose histories can be asked further. */
export interface EncodedBatch extends Encoded {
  readonly histories: EncodedHistories;
  /** What `histories` are asked with for a query, one question for each request. */
  asking(query: RequestQuery): Queries | null;
}

/**
 * Runs the shared part. The caller's scope owns the tensors. `states` are those of the histories where they are known already,
 * [time, batch, units].
 */
export function encode(
  shape: ModelShape,
  weights: Weights,
  gathered: GatheredRows,
  batch: Batch,
  states: Tensor3D | null = null,
): EncodedBatch {
  const items = rowVectors(candidateShape(shape, 'item'), gathered, batch.items);
  const properties = propertyVectors(shape, gathered, batch);
  const profile = concatenatedFields(shape.userFields, gathered, batch.users);
  const bias = weights('user/bias') as Tensor1D;
  const users = relu(
    profile
      ? dense(profile, weights('user/kernel') as Tensor2D, bias)
      : tf.tile(bias.expandDims(0), [batch.lengths.length, 1]),
  ) as Tensor2D;
  const histories = encodeHistories(shape, weights, batch, { items, properties, users }, states);
  const latest = latestMeans(shape, batch, { items, properties });
  /** What of rep does not depend on what is asked. */
  const fixed = latest ? (tf.concat([latest, users], 1) as Tensor2D) : users;
  const everyRequest = Int32Array.from(batch.lengths, (_, row) => row);
  const asking = (query: RequestQuery): Queries | null =>
    query === 'text'
      ? { kind: 'query', vectors: queryVectors(shape, weights, gathered, batch), requestOf: everyRequest }
      : null;
  return {
    histories,
    asking,
    represent: (query) => tf.concat([histories.represent(asking(query)), fixed], 1) as Tensor2D,
    representFor(e, requestOf) {
      const rep = histories.represent({ kind: 'candidate', vectors: e, requestOf });
      return tf.concat([rep, takeRows(fixed, tf.tensor1d(requestOf, 'int32'))], 1) as Tensor2D;
    },
    candidates: (name) => (name === 'item' ? items : candidateVectors(shape, gathered, batch, name)),
  };
}

/** The states of the histories alone, which depend on nothing else, [time, batch, units]. Of a model with the LSTM. */
export function encodeStates(
  shape: ModelShape,
  weights: Weights,
  gathered: GatheredRows,
  batch: Batch,
): Tensor3D {
  const items = rowVectors(candidateShape(shape, 'item'), gathered, batch.items);
  return historyStates(shape, weights, batch, { items, properties: propertyVectors(shape, gathered, batch) });
}

const propertyVectors = (shape: ModelShape, gathered: GatheredRows, batch: Batch): Tensor2D | null =>
  shape.variant === 'nobp'
    ? null
    : concatenatedFields(shape.propertyFields, gathered, batch.properties.fields);

/** `encode` of a batch whose representations are known: `stored` [batch, units], all asked with the same. */
export function encodeStored(
  shape: ModelShape,
  gathered: GatheredRows,
  batch: Batch,
  stored: Tensor2D,
): Encoded {
  return {
    represent: () => stored,
    representFor() {
      throw new Error('a stored representation does not depend on the candidate');
    },
    candidates: (name) => candidateVectors(shape, gathered, batch, name),
  };
}

const candidateVectors = (shape: ModelShape, gathered: GatheredRows, batch: Batch, name: string): Tensor2D =>
  rowVectors(candidateShape(shape, name), gathered, name === 'item' ? batch.items : batch.entities[name]!);

function queryVectors(shape: ModelShape, weights: Weights, gathered: GatheredRows, batch: Batch): Tensor2D {
  const field = shape.queryField!;
  const { query } = batch;
  if (!query) throw new Error('the batch lacks the queries');
  const pooled = concatenatedFields([field], gathered, { [field.name]: query })!;
  const missing = tf.tensor2d(
    Float32Array.from(query.counts, (words) => (words === 0 ? 1 : 0)),
    [query.counts.length, 1],
  );
  return tf.add(pooled, tf.mul(missing, weights('query/missing').expandDims(0)));
}

/** Logits of the tasks that have samples in the batch, each [samples, outputs]. */
export function taskLogits(
  shape: ModelShape,
  weights: Weights,
  batch: Batch,
  encoded: Encoded,
  pass: TowerPass | null,
): Record<string, Tensor2D> {
  const active = Object.entries(shape.tasks).filter(([name]) => (batch.tasks[name]?.label.length ?? 0) > 0);
  const asking = (query: RequestQuery) =>
    active.some(([, task]) => task.query === query) ? encoded.represent(query) : null;
  const byRequest = { text: asking('text'), none: asking('none') };
  const watched = (name: string, rep: Tensor2D) => pass?.watch(name, rep) ?? rep;
  const logits: Record<string, Tensor2D> = {};
  for (const [name, task] of active) {
    const samples = batch.tasks[name]!;
    const request = tf.tensor1d(samples.request, 'int32');
    const e =
      task.candidate && takeRows(encoded.candidates(task.candidate), tf.tensor1d(samples.candidate, 'int32'));
    const rep =
      e && task.query === 'candidate'
        ? watched(name, encoded.representFor(e, samples.request))
        : takeRows(watched(name, byRequest[task.query as RequestQuery]!), request);
    const inputs: Tensor2D[] = [rep];
    if (e) {
      const kernel = weights(`candidate/${task.candidate}/kernel`) as Tensor2D;
      inputs.push(dense(e, kernel, weights(`candidate/${task.candidate}/bias`) as Tensor1D));
    }
    if (matchesOf(task).length > 0) inputs.push(constantRows(matchNumbers(shape, batch, name), request.size));
    if (task.kind === 'binary' && task.features.length > 0)
      inputs.push(constantRows(samples.features, request.size));
    const whole = inputs.length === 1 ? inputs[0]! : (tf.concat(inputs, 1) as Tensor2D);
    const outputs = towerOutputs(name, task, whole, weights, pass);
    logits[name] = task.kind === 'rank' ? weightedFeatures(outputs, samples.features) : outputs;
  }
  return logits;
}

const constantRows = (numbers: Float32Array, rows: number): Tensor2D =>
  tf.tensor2d(numbers, [rows, numbers.length / rows]);

/** s = w^T r of each sample, [samples, 1]; `features` are r, row by row. */
function weightedFeatures(weights: Tensor2D, features: Float32Array): Tensor2D {
  return tf.sum(tf.mul(weights, tf.tensor2d(features, weights.shape)), 1, true) as Tensor2D;
}
