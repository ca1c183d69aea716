/** Accuracy: the share of the samples whose most probable class is the right one. */

/** The largest of the `classes` scores from `start` on; the first of equal ones. */
export function predictedClass(scores: Float32Array, start: number, classes: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) if (scores[start + k]! > scores[start + best]!) best = k;
  return best;
}

/** In [0, 1]; `right` is the weight of the samples that are predicted rightly; null without weight. */
export function accuracy(right: number, weight: number): number | null {
  return weight > 0 ? right / weight : null;
}
