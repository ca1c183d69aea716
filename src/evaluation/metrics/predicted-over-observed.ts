/** Predicted over observed: how many positives the model expects, over how many there are; 1 is right on average. */

/** `predicted` is the weighted sum of probabilities, `observed` the weight of the positives; null without any. */
export function predictedOverObserved(predicted: number, observed: number): number | null {
  return observed > 0 ? predicted / observed : null;
}
