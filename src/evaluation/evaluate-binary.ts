/** The metrics of a binary task, or of one that ranks: AUC, GAUC by request, log loss. */
import { auc } from './auc.js';
import type { Resampled } from './bootstrap.js';
import type { TaskEvaluation } from './evaluate.js';
import { aucByGroup, gauc } from './gauc.js';
import { logLoss, logLossOf } from './log-loss.js';
import type { PredictionColumns } from './predictions.js';
import { resampledAuc, resampledMean } from './resampled.js';
import type { TaskMetrics } from './task-metrics.js';
import type { UserNumbers } from './user-numbers.js';

export function evaluateBinary(columns: PredictionColumns, users: UserNumbers): TaskMetrics {
  const { scores, labels, weights, requests } = columns;
  const groups = aucByGroup(columns, requests);
  const positives = labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
  const counts: TaskEvaluation = {
    samples: labels.length,
    labels: [labels.length - positives, positives],
    requests: groups.numGroups,
    requestsWithBoth: groups.groups.length,
    users: users.count,
  };
  return {
    counts,
    values: { auc: auc(columns), gauc: gauc(groups), logLoss: logLoss(columns) },
    reason: (metric) => reasonOf(metric, counts),
    resampled: (): Record<string, Resampled> => {
      const ofSamples = users.of(requests);
      const losses = Float64Array.from(scores, (score, i) => logLossOf(score, labels[i]!));
      return {
        auc: resampledAuc(columns, ofSamples),
        gauc: resampledMean({ ...groups, users: users.of(groups.groups) }, users.count),
        logLoss: resampledMean({ values: losses, weights, users: ofSamples }, users.count),
      };
    },
  };
}

function reasonOf(metric: string, { samples, labels: [negatives, positives] }: TaskEvaluation): string {
  if (samples === 0) return 'there are no samples';
  if (positives === 0) return 'every label is 0';
  if (negatives === 0) return 'every label is 1';
  return metric === 'gauc' ? 'no request has both labels' : 'the samples have no weight';
}
