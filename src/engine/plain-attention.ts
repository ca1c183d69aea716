/** The attention by TensorFlow's ops, where our own kernels are not. */
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import type { AttentionInputs } from './attention.js';
import { tf } from './tf.js';

/** Floats of the largest temporary: queries are worked through in slices that keep below it (32 MiB). */
const SLICE_FLOATS = 1 << 23;

interface Slice {
  readonly start: number;
  readonly end: number;
}

/** 0 at the steps of a history and a large negative number beyond, [queries, time]. */
function maskOf(lengths: Int32Array, time: number): Tensor2D {
  return tf.tidy(() => {
    const steps = tf.range(0, time, 1, 'int32').expandDims(0);
    const valid = tf.less(steps, tf.tensor1d(lengths, 'int32').expandDims(1));
    return tf.mul(tf.sub(tf.cast(valid, 'float32'), 1), 1e9);
  }) as Tensor2D;
}

/** One slice of queries: everything its gradient needs. All tensors [queries, ...]. */
function attend(
  states: Tensor3D,
  keys: Tensor3D,
  queries: Tensor2D | null,
  score: Tensor2D,
  lengths: Int32Array,
) {
  const [numQueries, time, hidden] = keys.shape;
  const summed = queries ? tf.add(keys, queries.expandDims(1)) : keys;
  const activity = tf.tanh(summed) as Tensor3D;
  const scores = tf.add(
    activity
      .reshape([numQueries * time, hidden])
      .matMul(score)
      .reshape([numQueries, time]),
    maskOf(lengths, time),
  );
  const some = tf.tensor2d(
    Float32Array.from(lengths, (length) => (length > 0 ? 1 : 0)),
    [numQueries, 1],
  );
  const weights = tf.mul(tf.softmax(scores, 1), some) as Tensor2D;
  const representation = tf.matMul(weights.expandDims(1), states).squeeze([1]) as Tensor2D;
  return { activity, weights, representation };
}

function slices(numQueries: number, time: number, units: number): Slice[] {
  const step = Math.max(1, Math.floor(SLICE_FLOATS / (time * units)));
  const result: Slice[] = [];
  for (let start = 0; start < numQueries; start += step) {
    result.push({ start, end: Math.min(numQueries, start + step) });
  }
  return result;
}

const rowsOf = (indices: Int32Array, slice: Slice) => indices.subarray(slice.start, slice.end);

/** What a slice of the queries reads: states and keys by query, and lengths. */
function inputsOf(inputs: Batched, slice: Slice) {
  const { states, keys, queries, requestOf, lengths } = inputs;
  const width = (x: Tensor2D) => x.slice([slice.start, 0], [slice.end - slice.start, -1]);
  if (!requestOf || !queries) {
    const size = slice.end - slice.start;
    return {
      states: states.slice([slice.start, 0, 0], [size, -1, -1]),
      keys: keys.slice([slice.start, 0, 0], [size, -1, -1]),
      queries: null,
      lengths: rowsOf(lengths, slice),
    };
  }
  const rows = rowsOf(requestOf, slice);
  const index = tf.tensor1d(rows, 'int32');
  return {
    states: tf.gather(states, index) as Tensor3D,
    keys: tf.gather(keys, index) as Tensor3D,
    queries: width(queries),
    lengths: Int32Array.from(rows, (row) => lengths[row]!),
  };
}

/** Batch-major: [batch, time, ...]. */
interface Batched {
  readonly states: Tensor3D;
  readonly keys: Tensor3D;
  readonly queries: Tensor2D | null;
  readonly requestOf: Int32Array | null;
  readonly lengths: Int32Array;
}

function batchMajor(inputs: Omit<AttentionInputs, 'score'>): Batched {
  return { ...inputs, states: inputs.states.transpose([1, 0, 2]), keys: inputs.keys.transpose([1, 0, 2]) };
}

const numQueriesOf = (inputs: Batched) => inputs.requestOf?.length ?? inputs.states.shape[0];

function slicesOf(inputs: Batched): Slice[] {
  return slices(
    numQueriesOf(inputs),
    inputs.states.shape[1],
    Math.max(inputs.states.shape[2], inputs.keys.shape[2]),
  );
}

/** Adds up slices' gradients by request: [queries, ...] to [batch, ...]. */
function scatterByRequest(parts: readonly Tensor[], inputs: Batched): Tensor {
  const gathered = parts.length === 1 ? parts[0]! : tf.concat([...parts], 0);
  if (!inputs.requestOf) return gathered;
  return tf.unsortedSegmentSum(gathered, tf.tensor1d(inputs.requestOf, 'int32'), inputs.states.shape[0]);
}

/** `attention`; for the gradient, too, queries are worked through slice by slice. */
export function plainAttention(inputs: AttentionInputs): Tensor2D {
  const { requestOf, lengths } = inputs;
  const withQueries = inputs.queries !== null;
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (saved: Tensor[]) => void;
    const [states, keys, score, queries] = args as unknown as [Tensor3D, Tensor3D, Tensor2D, Tensor2D?];
    save(args as Tensor[]);
    const batched = batchMajor({ states, keys, queries: queries ?? null, requestOf, lengths });
    const parts = slicesOf(batched).map((slice) =>
      tf.tidy(() => {
        const part = inputsOf(batched, slice);
        return attend(part.states, part.keys, part.queries, score, part.lengths).representation;
      }),
    );
    return {
      value: tf.concat(parts, 0),
      gradFunc: (dy, saved) => gradient(dy as Tensor2D, saved as Tensor[]),
    };
  });

  function gradient(dy: Tensor2D, saved: readonly Tensor[]): Tensor[] {
    const [states, keys, score, queries] = saved as [Tensor3D, Tensor3D, Tensor2D, Tensor2D?];
    const batched = batchMajor({ states, keys, queries: queries ?? null, requestOf, lengths });
    const dStates: Tensor[] = [];
    const dKeys: Tensor[] = [];
    const dQueries: Tensor[] = [];
    const dScore: Tensor[] = [];
    for (const slice of slicesOf(batched)) {
      const [ds, dk, dq, dv] = tf.tidy(() => {
        const part = inputsOf(batched, slice);
        const { activity, weights, representation } = attend(
          part.states,
          part.keys,
          part.queries,
          score,
          part.lengths,
        );
        const [size, time, hidden] = activity.shape;
        const d = dy.slice([slice.start, 0], [size, -1]);
        // d score_t = a_t (dy . h_t - dy . rep)
        const along = tf.matMul(part.states, d.expandDims(2)).squeeze([2]);
        const mean = tf.sum(tf.mul(d, representation), 1, true);
        const dScores = tf.mul(weights, tf.sub(along, mean)).reshape([size * time, 1]);
        const flat = activity.reshape([size * time, hidden]);
        const dActivity = tf
          .mul(tf.matMul(dScores, score, false, true), tf.sub(1, tf.square(flat)))
          .reshape([size, time, hidden]);
        return [
          tf.mul(weights.expandDims(2), d.expandDims(1)),
          dActivity,
          tf.sum(dActivity, 1),
          tf.matMul(flat, dScores, true, false),
        ] as const;
      }) as unknown as readonly [Tensor, Tensor, Tensor, Tensor];
      dStates.push(ds);
      dKeys.push(dk);
      dQueries.push(dq);
      dScore.push(dv);
    }
    const result = [
      scatterByRequest(dStates, batched).transpose([1, 0, 2]),
      scatterByRequest(dKeys, batched).transpose([1, 0, 2]),
      tf.addN(dScore),
    ];
    if (withQueries) result.push(tf.concat(dQueries, 0));
    return result;
  }

  const tensors: Tensor[] = [inputs.states, inputs.keys, inputs.score];
  if (inputs.queries) tensors.push(inputs.queries);
  return run(...tensors) as Tensor2D;
}

/** `attentionWeights`. */
export function plainAttentionWeights(inputs: AttentionInputs): Tensor2D {
  return tf.tidy(() => {
    const batched = batchMajor(inputs);
    const parts = slicesOf(batched).map((slice) => {
      const part = inputsOf(batched, slice);
      return attend(part.states, part.keys, part.queries, inputs.score, part.lengths).weights;
    });
    return tf.concat(parts, 0) as Tensor2D;
  });
}
