/** All metrics of a task's samples by their definitions. */
import {
  aucByPairs,
  entropyOf,
  groupBy,
  meanAuc,
  meanOf,
  ndcgByOrders,
  reciprocalRankByOrders,
  weightOf,
} from './definitions.js';
import type { RequestSample } from './random-requests.js';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => (values.length > 0 ? sum(values) / values.length : null);
const over = (value: number | null, by: number) => (value === null || !(by > 0) ? null : value / by);

export const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

/** What has no interval (`ece`) is left out. */
export function binaryMetrics(
  samples: readonly RequestSample[],
  ndcgAt: number,
): Record<string, number | null> {
  const scored = samples.map((sample) => ({ ...sample, score: sample.logits[0]! }));
  const counted = scored.filter(({ weight }) => weight > 0);
  const requests = [...groupBy(counted, ({ request }) => request).values()];
  const both = requests.filter((list) => new Set(list.map(({ label }) => label)).size === 2);
  const positive = weightOf(scored.filter(({ label }) => label === 1));
  const loss = meanOf(scored, ({ score, label }) => -Math.log(sigmoid(label === 1 ? score : -score)));
  const entropy = entropyOf([weightOf(scored) - positive, positive]);
  return {
    auc: aucByPairs(scored),
    gauc: meanAuc(requests),
    gaucByUser: meanAuc([...groupBy(scored, ({ user }) => user).values()]),
    [`ndcg@${ndcgAt}`]: mean(both.map((list) => ndcgByOrders(list, ndcgAt)!)),
    mrr: mean(both.map((list) => reciprocalRankByOrders(list)!)),
    logLoss: loss,
    normalisedEntropy: over(loss, entropy),
    predictedOverObserved: over(sum(scored.map(({ score, weight }) => weight * sigmoid(score))), positive),
  };
}

/** log p of each class, as a float like the scores of a model. */
function logSoftmax(logits: readonly number[]): number[] {
  const total = sum(logits.map(Math.exp));
  return logits.map((logit) => Math.fround(logit - Math.log(total)));
}

/** The samples with what they are predicted, and how surely. */
export function predictedSamples(samples: readonly RequestSample[]) {
  return samples.map((sample) => {
    const values = logSoftmax(sample.logits);
    const predicted = values.indexOf(Math.max(...values));
    return {
      ...sample,
      ...{ values, predicted },
      score: Math.fround(Math.exp(values[predicted]!)),
      right: predicted === sample.label ? 1 : 0,
    };
  });
}

export function classMetrics(
  samples: readonly RequestSample[],
  classes: number,
): Record<string, number | null> {
  const scored = predictedSamples(samples);
  const areas = Array.from({ length: classes }, (_, k) =>
    aucByPairs(
      scored.map(({ values, label, weight }) => ({
        score: values[k]!,
        label: label === k ? 1 : 0,
        weight,
      })),
    ),
  ).filter((area) => area !== null);
  const weights = Array.from({ length: classes }, (_, k) =>
    weightOf(scored.filter(({ label }) => label === k)),
  );
  const loss = meanOf(scored, ({ values, label }) => -values[label]!);
  return {
    accuracy: meanOf(scored, ({ right }) => right),
    logLoss: loss,
    normalisedEntropy: over(loss, entropyOf(weights)),
    macroAuc: mean(areas),
  };
}
