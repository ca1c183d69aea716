/** The metrics of every task from its scored samples, with counts and intervals. */
import { auc } from './auc.js';
import { bootstrapIntervals, type Interval } from './bootstrap.js';
import { aucByGroup, gauc } from './gauc.js';
import { logLoss, logLossOf } from './log-loss.js';
import type { PredictionColumns } from './predictions.js';
import { resampledAuc, resampledMean } from './resampled.js';

export interface TaskEvaluation {
  readonly samples: number;
  readonly positives: number;
  readonly negatives: number;
  readonly requests: number;
  /** Requests with both classes: those that the GAUC speaks of. */
  readonly requestsWithBoth: number;
  /** Users among the samples: what the intervals resample. */
  readonly users: number;
}

export interface Evaluation {
  /** `auc[task]`, `gauc[task]` (by request), `logLoss[task]` (nats); null where `reasons` says why. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Intervals of the same keys; none where bootstrapping was not asked for. */
  readonly intervals: Readonly<Record<string, Interval | null>>;
  readonly reasons: Readonly<Record<string, string>>;
  /** Keys of metrics that are too good or too bad to be believed, and what to look for. */
  readonly warnings: Readonly<Record<string, string>>;
  readonly tasks: Readonly<Record<string, TaskEvaluation>>;
}

export interface EvaluateOptions {
  /** User of each request of the prepared data. */
  readonly userOfRequest: Int32Array;
  readonly bootstrap: { readonly samples: number; readonly seed: number };
}

/** Evaluates each task by itself; `predictions` is task -> columns. */
export function evaluate(
  predictions: ReadonlyMap<string, PredictionColumns>,
  options: EvaluateOptions,
): Evaluation {
  const metrics: Record<string, number | null> = {};
  const intervals: Record<string, Interval | null> = {};
  const reasons: Record<string, string> = {};
  const warnings: Record<string, string> = {};
  const tasks: Record<string, TaskEvaluation> = {};
  for (const [task, columns] of predictions) {
    const one = evaluateTask(columns, options);
    tasks[task] = one.counts;
    for (const [name, value] of Object.entries(one.values)) {
      const key = `${name}[${task}]`;
      metrics[key] = value;
      const interval = one.intervals[name];
      if (interval !== undefined) intervals[key] = interval;
      if (value === null) reasons[key] = reasonOf(name, one.counts);
      const warning = value !== null && name !== 'logLoss' ? warningOf(value) : null;
      if (warning !== null) warnings[key] = warning;
    }
  }
  return { metrics, intervals, reasons, warnings, tasks };
}

function evaluateTask(columns: PredictionColumns, { userOfRequest, bootstrap }: EvaluateOptions) {
  const { scores, labels, weights, requests } = columns;
  const groups = aucByGroup(columns, requests);
  const { numberOf, numUsers } = numberUsers(requests, userOfRequest);
  const positives = labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
  const counts: TaskEvaluation = {
    samples: labels.length,
    positives,
    negatives: labels.length - positives,
    requests: groups.numGroups,
    requestsWithBoth: groups.groups.length,
    users: numUsers,
  };
  const values: Record<string, number | null> = {
    auc: auc(columns),
    gauc: gauc(groups),
    logLoss: logLoss(columns),
  };
  if (bootstrap.samples === 0) return { counts, values, intervals: {} };

  const users = numberOf(requests);
  const losses = Float64Array.from(scores, (score, i) => logLossOf(score, labels[i]!));
  const resampled = {
    auc: resampledAuc(columns, users),
    gauc: resampledMean({ ...groups, users: numberOf(groups.groups) }, numUsers),
    logLoss: resampledMean({ values: losses, weights, users }, numUsers),
  };
  return { counts, values, intervals: bootstrapIntervals(resampled, numUsers, bootstrap) };
}

/** Numbers the users of the samples from 0. */
function numberUsers(requests: Int32Array, userOfRequest: Int32Array) {
  let last = -1;
  for (const user of userOfRequest) last = Math.max(last, user);
  const numbers = new Int32Array(last + 1).fill(-1);
  let numUsers = 0;
  for (const request of requests) {
    const user = userOfRequest[request]!;
    if (numbers[user] === -1) numbers[user] = numUsers++;
  }
  /** User numbers of requests. */
  const numberOf = (requests: Int32Array) => requests.map((request) => numbers[userOfRequest[request]!]!);
  return { numberOf, numUsers };
}

function reasonOf(metric: string, { samples, positives, negatives }: TaskEvaluation): string {
  if (samples === 0) return 'there are no samples';
  if (positives === 0) return 'every label is 0';
  if (negatives === 0) return 'every label is 1';
  return metric === 'gauc' ? 'no request has both labels' : 'the samples have no weight';
}

/** Of an AUC or a GAUC. */
function warningOf(value: number): string | null {
  if (value > 0.98) {
    return 'above 0.98: look for a feature that knows the label, such as an event of the request itself';
  }
  if (value < 0.5) return 'below 0.5, worse than chance: look for labels or scores with the wrong sign';
  return null;
}
