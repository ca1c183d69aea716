/** Scored samples of one task: what every metric reads. */

/** All arrays [samples]. */
export interface Scored {
  /** Logits, or any other numbers that grow with the probability of a positive label. */
  readonly scores: Float32Array;
  /** 1 for a positive sample, 0 for a negative one. */
  readonly labels: Float32Array;
  readonly weights: Float32Array;
}

/** Copies of the columns, with the sample `order[i]` at i. */
export function inOrder({ scores, labels, weights }: Scored, order: Uint32Array): Scored {
  return { scores: pick(scores, order), labels: pick(labels, order), weights: pick(weights, order) };
}

/** Not `Float32Array.from(order, ...)`: its iterator makes tens of millions of samples take seconds. */
function pick(values: Float32Array, order: Uint32Array): Float32Array {
  const picked = new Float32Array(order.length);
  for (let i = 0; i < order.length; i++) picked[i] = values[order[i]!]!;
  return picked;
}
