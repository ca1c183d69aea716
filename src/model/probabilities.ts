/** Probabilities out of logits of the data. */

/**
 * `logits` row by row, [samples, outputs]: with one output the sigmoid of each plus `correction` (which undoes the drawing of
 * negatives), else the softmax of each row.
 */
export function probabilities(logits: Float32Array, outputs: number, correction: number): Float32Array {
  if (outputs === 1) return logits.map((logit) => 1 / (1 + Math.exp(-(logit + correction))));
  return logProbabilities({ scores: logits, classes: outputs }).map(Math.exp);
}

/** log p of every class, z_k - log sum_j exp(z_j), [samples, classes]; `scores` are the logits, row by row. */
export function logProbabilities({
  scores,
  classes,
}: {
  readonly scores: Float32Array;
  readonly classes: number;
}): Float32Array {
  const result = new Float32Array(scores.length);
  for (let start = 0; start < scores.length; start += classes) {
    let largest = scores[start]!;
    for (let k = 1; k < classes; k++) largest = Math.max(largest, scores[start + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(scores[start + k]! - largest);
    const normaliser = largest + Math.log(sum);
    for (let k = 0; k < classes; k++) result[start + k] = scores[start + k]! - normaliser;
  }
  return result;
}
