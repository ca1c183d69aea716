/** Log loss: the mean of -log p(label) over the samples, from logits, in nats. */
import type { Scored } from './scored.js';

/** log(1 + exp(z)) - y z of one sample with logit z and label y, safe for any z. */
export function logLossOf(logit: number, label: number): number {
  return Math.max(logit, 0) - label * logit + Math.log1p(Math.exp(-Math.abs(logit)));
}

/** The weighted mean; null without weight. */
export function logLoss({ scores, labels, weights }: Scored): number | null {
  let total = 0;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    total += weights[i]!;
    sum += weights[i]! * logLossOf(scores[i]!, labels[i]!);
  }
  return total > 0 ? sum / total : null;
}
