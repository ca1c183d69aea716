/** From a batch's histories to what its queries ask: states h_t and the attention's keys, or the plain mean. */
import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import { attention, attentionWeights } from '../engine/attention.js';
import { type GateActivations, gateActivations } from '../engine/block-recurrence.js';
import { matMul } from '../engine/mat-mul.js';
import { type RecurrenceWeights, recurrence } from '../engine/recurrence.js';
import { takeRows } from '../engine/take-rows.js';
import { tf } from '../engine/tf.js';
import type { Weights } from './forward.js';
import { type ModelShape, propertiesInAttention, propertiesInEncoder } from './shape.js';

/** What histories are asked with. */
export interface Queries {
  /** candidate: item vectors; query: pooled words of search queries. */
  readonly kind: 'candidate' | 'query';
  /** [queries, units of the kind] */
  readonly vectors: Tensor2D;
  /** Row of the batch whose history each query asks, [queries]. */
  readonly requestOf: Int32Array;
}

/** Histories encoded once; every query on them costs an attention only. */
export interface EncodedHistories {
  /**
   * rep_s of each request, [batch, state units], or of each of some queries. An empty history gives the learned vector
   * `representation/empty`.
   */
  represent(asked: Queries | null): Tensor2D;
  /** Weights of the steps for the same questions, [queries, time]. */
  weights(asked: Queries | null): Tensor2D;
  /**
   * Mean activation of the gates over the units at each step, each [batch, time]; beyond a history they mean nothing. Null
   * for the mean encoder, which has none.
   */
  gates(): GateActivations | null;
}

/** Vectors that a history is made of. */
export interface HistoryVectors {
  /** e of the distinct items, [items, e]. */
  readonly items: Tensor2D;
  /** p of the distinct property combinations, [properties, p]; null without property fields. */
  readonly properties: Tensor2D | null;
  /** u, [batch, user units]. */
  readonly users: Tensor2D;
}

/** `known`, where given, are the states of the LSTM, [time, batch, units]; the items of the histories are not read then. */
export function encodeHistories(
  shape: ModelShape,
  weights: Weights,
  batch: Batch,
  vectors: HistoryVectors,
  known: Tensor3D | null,
): EncodedHistories {
  const size: [number, number] = [batch.steps, batch.lengths.length];
  const itemAt = tf.tensor2d(batch.history, size, 'int32');
  const propertyAt = tf.tensor2d(batch.property, size, 'int32');
  switch (shape.encoder) {
    case 'lstm':
      return encodeByLstm(shape, weights, batch, vectors, itemAt, propertyAt, known);
    case 'mean':
      return encodeByMean(shape, weights, batch, vectors, itemAt, propertyAt);
  }
}

function encodeByLstm(
  shape: ModelShape,
  weights: Weights,
  { lengths }: Batch,
  { items, properties, users }: HistoryVectors,
  itemAt: Tensor2D,
  propertyAt: Tensor2D,
  known: Tensor3D | null,
): EncodedHistories {
  const [time, batch] = itemAt.shape;
  const hidden = shape.attentionUnits;
  const histories = { items, properties, itemAt, propertyAt, lengths };
  const cell = cellWeights(shape, weights);
  const states = known ?? recurrence(histories, cell);
  let keys = matMul(
    states.reshape([time * batch, shape.units]) as Tensor2D,
    weights('attention/state') as Tensor2D,
  ).reshape([time, batch, hidden]) as Tensor3D;
  if (properties && propertiesInAttention(shape)) {
    const table = matMul(properties, weights('attention/property') as Tensor2D);
    keys = tf.add(keys, takeRows<Tensor3D>(table, propertyAt));
  }
  keys = tf.add(
    keys,
    tf.add(matMul(users, weights('attention/user') as Tensor2D), weights('attention/bias')).expandDims(0),
  );
  const score = weights('attention/score') as Tensor2D;
  const inputs = (asked: Queries | null) => ({
    states,
    keys,
    score,
    lengths,
    queries: asked && matMul(asked.vectors, weights(`attention/${asked.kind}`) as Tensor2D),
    requestOf: asked?.requestOf ?? null,
  });
  return {
    represent: (asked) => {
      const rows = asked ? Int32Array.from(asked.requestOf, (row) => lengths[row]!) : lengths;
      return withEmpty(attention(inputs(asked)), rows, weights);
    },
    weights: (asked) => attentionWeights(inputs(asked)),
    gates: () => {
      const { input, forget, output } = gateActivations(histories, cell);
      return { input: input.transpose(), forget: forget.transpose(), output: output.transpose() };
    },
  };
}

/** The states of the LSTM alone, [time, batch, units]: what `encodeHistories` takes as known. */
export function historyStates(
  shape: ModelShape,
  weights: Weights,
  { steps, lengths, history, property }: Batch,
  { items, properties }: Pick<HistoryVectors, 'items' | 'properties'>,
): Tensor3D {
  const size: [number, number] = [steps, lengths.length];
  const itemAt = tf.tensor2d(history, size, 'int32');
  const propertyAt = tf.tensor2d(property, size, 'int32');
  return recurrence({ items, properties, itemAt, propertyAt, lengths }, cellWeights(shape, weights));
}

const cellWeights = (shape: ModelShape, weights: Weights): RecurrenceWeights => ({
  item: weights('lstm/item') as Tensor2D,
  property: propertiesInEncoder(shape) ? (weights('lstm/property') as Tensor2D) : null,
  recurrent: weights('lstm/recurrent') as Tensor2D,
  bias: weights('lstm/bias') as Tensor1D,
  peephole: shape.peepholes ? (weights('lstm/peephole') as Tensor2D) : null,
});

function encodeByMean(
  shape: ModelShape,
  weights: Weights,
  { lengths }: Batch,
  { items, properties }: HistoryVectors,
  itemAt: Tensor2D,
  propertyAt: Tensor2D,
): EncodedHistories {
  const e = takeRows<Tensor3D>(items, itemAt);
  const x =
    properties && propertiesInEncoder(shape)
      ? tf.concat([e, takeRows<Tensor3D>(properties, propertyAt)], 2)
      : e;
  const [time] = itemAt.shape;
  const share = tf.tidy(() => {
    const steps = tf.range(0, time, 1, 'int32').expandDims(1);
    const valid = tf.cast(tf.less(steps, tf.tensor1d(lengths, 'int32').expandDims(0)), 'float32');
    return tf.div(valid, tf.maximum(tf.tensor1d(Float32Array.from(lengths)), 1)) as Tensor2D;
  });
  const mean = withEmpty(tf.sum(tf.mul(x, share.expandDims(2)), 0) as Tensor2D, lengths, weights);
  return {
    represent: (asked) => (asked ? takeRows(mean, tf.tensor1d(asked.requestOf, 'int32')) : mean),
    weights: (asked) => {
      const all = share.transpose() as Tensor2D;
      return asked ? tf.gather(all, tf.tensor1d(asked.requestOf, 'int32')) : all;
    },
    gates: () => null,
  };
}

/** Puts the learned vector in the place of the zero one that an empty history gives. */
function withEmpty(representation: Tensor2D, lengths: Int32Array, weights: Weights): Tensor2D {
  const empty = tf.tensor2d(
    Float32Array.from(lengths, (length) => (length === 0 ? 1 : 0)),
    [lengths.length, 1],
  );
  return tf.add(representation, tf.mul(empty, weights('representation/empty').expandDims(0)));
}
