/** What metrics are called in sentences and on pages; their keys are those of metrics.json. */
import { metricOfKey } from './metric-key.js';

const TITLES: Readonly<Record<string, string>> = {
  auc: 'AUC',
  gauc: 'GAUC',
  gaucByUser: 'GAUC by user',
  mrr: 'MRR',
  normalisedEntropy: 'normalised entropy',
  predictedOverObserved: 'predicted / observed',
  ece: 'calibration error',
  eceByChance: 'calibration error by chance',
  logLoss: 'log loss',
  accuracy: 'accuracy',
  macroAuc: 'macro AUC',
};

/** By the name before `[task]`. */
export const metricTitle = (name: string): string => TITLES[name] ?? name.replace(/^ndcg/, 'NDCG');

/** `AUC of ctr` of `auc[ctr]`; anything else, such as a task, as it is. */
export function keyTitle(key: string): string {
  if (!key.endsWith(']') || !key.includes('[')) return key;
  const { name, task } = metricOfKey(key);
  return `${metricTitle(name)} of ${task}`;
}
