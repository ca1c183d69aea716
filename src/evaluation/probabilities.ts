/** Probabilities out of logits, as they are online: without what drawn negatives and weighted classes did to them. */
import { logProbabilities } from './scored-classes.js';

/**
 * `logits` row by row, [samples, outputs]; `correction` is added to those of each sample, [outputs]. With one output the
 * sigmoid of each, else the softmax of each row, [samples, outputs].
 */
export function probabilities(logits: Float32Array, correction: readonly number[]): Float32Array {
  const outputs = correction.length;
  if (outputs === 1) return logits.map((logit) => 1 / (1 + Math.exp(-(logit + correction[0]!))));
  const scores = logits.map((logit, at) => logit + correction[at % outputs]!);
  return logProbabilities({ scores, classes: outputs }).map(Math.exp);
}
