/** The metrics of a task of several classes: accuracy, macro AUC, log loss. */
import { accuracy, hits } from './accuracy.js';
import type { Resampled } from './bootstrap.js';
import { macroAuc, resampledMacroAuc } from './macro-auc.js';
import type { PredictionColumns } from './predictions.js';
import { resampledMean } from './resampled.js';
import { logProbabilities, type ScoredClasses } from './scored-classes.js';
import type { TaskMetrics } from './task-metrics.js';
import type { UserNumbers } from './user-numbers.js';

export function evaluateMulticlass(columns: PredictionColumns, users: UserNumbers): TaskMetrics {
  const { scores, outputs: classes, labels, weights, requests } = columns;
  const samples: ScoredClasses = { scores, classes, labels, weights };
  const counted = new Array<number>(classes).fill(0);
  for (const label of labels) counted[label]!++;
  const losses = lossesOf(samples);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const loss = losses.reduce((sum, value, i) => sum + weights[i]! * value, 0);
  const present = counted.filter((count) => count > 0).length;
  return {
    counts: {
      samples: labels.length,
      labels: counted,
      requests: new Set(requests).size,
      users: users.count,
    },
    values: {
      accuracy: accuracy(samples),
      macroAuc: macroAuc(samples),
      logLoss: total > 0 ? loss / total : null,
    },
    reason: (metric) => {
      if (labels.length === 0) return 'there are no samples';
      if (metric === 'macroAuc' && present < 2) return `every label is ${labels[0]}`;
      return 'the samples have no weight';
    },
    resampled: (): Record<string, Resampled> => {
      const ofSamples = users.of(requests);
      return {
        accuracy: resampledMean({ values: hits(samples), weights, users: ofSamples }, users.count),
        macroAuc: resampledMacroAuc(samples, ofSamples),
        logLoss: resampledMean({ values: losses, weights, users: ofSamples }, users.count),
      };
    },
  };
}

/** -log p of the label, nats, [samples]. */
function lossesOf(samples: ScoredClasses): Float64Array {
  const values = logProbabilities(samples);
  return Float64Array.from(samples.labels, (label, i) => -values[i * samples.classes + label]!);
}
