/**
 * Attention over the states of a history (DUPN, section 3.3), one set of weights per query:
 *
 *     a_t = softmax_t( v . tanh(k_t + q) )      rep = sum_t a_t h_t
 *
 * where k_t collects what depends on the step (W_h h_t + W_p p_t + W_u u + b) and q is the query's part. Many
 * queries may ask one history: the states are computed once and only the score depends on the query.
 */
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import { runsNative } from './native.js';
import { nativeAttention, nativeAttentionWeights } from './native-attention.js';
import { plainAttention, plainAttentionWeights } from './plain-attention.js';

export interface AttentionInputs {
  /** States h, [time, batch, units]. */
  readonly states: Tensor3D;
  /** Keys k, [time, batch, hidden]. */
  readonly keys: Tensor3D;
  /** The queries' part, [queries, hidden]; null when every history is asked once and without a query. */
  readonly queries: Tensor2D | null;
  /** Row of the batch that each query asks, [queries]; null with null queries. */
  readonly requestOf: Int32Array | null;
  /** v, [hidden, 1]. */
  readonly score: Tensor2D;
  /** Steps of each history, [batch]; a history of 0 steps gives a zero representation. */
  readonly lengths: Int32Array;
}

/**
 * The representation of each query, [queries, units] (or [batch, units] without queries). Differentiable in states,
 * keys, queries and score; the activities are worked out again for the gradient, so that memory does not grow with the
 * number of queries.
 */
export function attention(inputs: AttentionInputs): Tensor2D {
  return runsNative() ? nativeAttention(inputs) : plainAttention(inputs);
}

/** The weights a_t that `attention` uses, [queries, time], zero beyond the history: for people to look at. */
export function attentionWeights(inputs: AttentionInputs): Tensor2D {
  return runsNative() ? nativeAttentionWeights(inputs) : plainAttentionWeights(inputs);
}
