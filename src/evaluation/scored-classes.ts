/** Probabilities of the classes of each sample out of its logits. */

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
