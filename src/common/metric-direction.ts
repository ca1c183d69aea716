/** Which way metrics are better. */

const LOWER = /^(logLoss|normalisedEntropy|ece)$/;

/** 1 where more is better, -1 where less is, 0 where the best lies between (predicted over observed: 1). `metric` is a name without its task. */
export function metricDirection(metric: string): 1 | -1 | 0 {
  if (metric === 'predictedOverObserved') return 0;
  return LOWER.test(metric) ? -1 : 1;
}
