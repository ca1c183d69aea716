/** Probabilities out of logits of the data. */
import { logProbabilities } from './scored-classes.js';

/**
 * `logits` row by row, [samples, outputs]: with one output the sigmoid of each plus `correction` (which undoes the drawing of
 * negatives), else the softmax of each row.
 */
export function probabilities(logits: Float32Array, outputs: number, correction: number): Float32Array {
  if (outputs === 1) return logits.map((logit) => 1 / (1 + Math.exp(-(logit + correction))));
  return logProbabilities({ scores: logits, classes: outputs }).map(Math.exp);
}
