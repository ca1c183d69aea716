/** Scored samples of a task of several classes: what its metrics read. */
import type { Scored } from './scored.js';

export interface ScoredClasses {
  /** Logits, row by row, [samples, classes]. */
  readonly scores: Float32Array;
  readonly classes: number;
  /** The class of each sample, 0 .. classes - 1, [samples]. */
  readonly labels: Float32Array;
  /** [samples] */
  readonly weights: Float32Array;
}

/** log p of every class, z_k - log sum_j exp(z_j), [samples, classes]. */
export function logProbabilities({
  scores,
  classes,
}: Pick<ScoredClasses, 'scores' | 'classes'>): Float32Array {
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

/** The samples as one class against all others; `values` is what the class is scored by, [samples, classes]. */
export function oneAgainstRest(
  { classes, labels, weights }: ScoredClasses,
  values: Float32Array,
  label: number,
): Scored {
  return {
    scores: labels.map((_, sample) => values[sample * classes + label]!),
    labels: labels.map((value) => (value === label ? 1 : 0)),
    weights,
  };
}
