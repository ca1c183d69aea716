/** Which way metrics are better. */

const LOWER = /^(logLoss|normalisedEntropy|ece)$/;

/** Of what the best lies between (predicted over observed: 1), and of what only says how to read another metric. */
const NEITHER = /^(predictedOverObserved|eceByChance)$/;

/** 1 where more is better, -1 where less is, 0 where neither is. `metric` is a name without its task. */
export function metricDirection(metric: string): 1 | -1 | 0 {
  if (NEITHER.test(metric)) return 0;
  return LOWER.test(metric) ? -1 : 1;
}
