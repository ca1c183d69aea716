/** Accuracy: the share of the samples whose most probable class is the right one. */
import type { ScoredClasses } from './scored-classes.js';

/** 1 where the largest score is that of the label (the first of equal ones counts), else 0, [samples]. */
export function hits({ scores, classes, labels }: ScoredClasses): Float64Array {
  return Float64Array.from(labels, (label, sample) => {
    const start = sample * classes;
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[start + k]! > scores[start + best]!) best = k;
    return best === label ? 1 : 0;
  });
}

/** In [0, 1], weighted; null without weight. */
export function accuracy(samples: ScoredClasses): number | null {
  const hit = hits(samples);
  let total = 0;
  let sum = 0;
  for (let i = 0; i < hit.length; i++) {
    total += samples.weights[i]!;
    sum += samples.weights[i]! * hit[i]!;
  }
  return total > 0 ? sum / total : null;
}
