/** Log loss: the mean of -log p(label) over the samples, in nats. */

/** log(1 + exp(z)) - y z of one sample with logit z and label y, safe for any z. */
export function logLossOf(logit: number, label: number): number {
  return Math.max(logit, 0) - label * logit + Math.log1p(Math.exp(-Math.abs(logit)));
}

/** `loss` is the weighted sum; null without weight. */
export function logLoss(loss: number, weight: number): number | null {
  return weight > 0 ? loss / weight : null;
}
