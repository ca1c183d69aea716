/** Macro AUC: the mean over the classes of the AUC of each class against all others, by its probability. */
import { auc } from './auc.js';
import type { Resampled } from './bootstrap.js';
import { resampledAuc } from './resampled.js';
import { logProbabilities, oneAgainstRest, type ScoredClasses } from './scored-classes.js';

/** In [0, 1]; classes that no sample or every sample has are left out; null where that leaves none. */
export function macroAuc(samples: ScoredClasses): number | null {
  const values = logProbabilities(samples);
  return mean(eachClass(samples).map((label) => auc(oneAgainstRest(samples, values, label))));
}

/** The same when users count several times; `users` [samples] are integers from 0. */
export function resampledMacroAuc(samples: ScoredClasses, users: Int32Array): Resampled {
  const values = logProbabilities(samples);
  const byClass = eachClass(samples).map((label) =>
    resampledAuc(oneAgainstRest(samples, values, label), users),
  );
  return (counts) => mean(byClass.map((metric) => metric(counts)));
}

const eachClass = ({ classes }: ScoredClasses) => Array.from({ length: classes }, (_, label) => label);

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
