/** The metrics of every task from its scored samples, with counts and intervals. */
import { aucInOrder } from './auc.js';
import { bootstrapIntervals, type Interval, type Resampled } from './bootstrap.js';
import { aucByGroup, gauc } from './gauc.js';
import { logLoss, logLossOf } from './log-loss.js';
import type { PredictionColumns } from './predictions.js';
import { rankOrder } from './rank-order.js';

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
  const tasks: Record<string, TaskEvaluation> = {};
  for (const [task, columns] of predictions) {
    const one = evaluateTask(columns, options);
    tasks[task] = one.counts;
    const values: Record<string, number | null> = one.values;
    for (const [name, value] of Object.entries(values)) {
      metrics[`${name}[${task}]`] = value;
      const interval = one.intervals[name];
      if (interval !== undefined) intervals[`${name}[${task}]`] = interval;
      if (value === null) reasons[`${name}[${task}]`] = reasonOf(name, one.counts);
    }
  }
  return { metrics, intervals, reasons, tasks };
}

function evaluateTask(columns: PredictionColumns, { userOfRequest, bootstrap }: EvaluateOptions) {
  const { scores, labels, weights, requests } = columns;
  const order = rankOrder(scores);
  const groups = aucByGroup(columns, requests);
  const users = denseUsers(requests, userOfRequest);
  const positives = labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
  const counts: TaskEvaluation = {
    samples: labels.length,
    positives,
    negatives: labels.length - positives,
    requests: new Set(requests).size,
    requestsWithBoth: groups.length,
    users: users.count,
  };
  const values = { auc: aucInOrder(columns, order, weights), gauc: gauc(groups), logLoss: logLoss(columns) };

  const drawn = new Float64Array(labels.length);
  const losses = Float64Array.from(scores, (score, i) => logLossOf(score, labels[i]!));
  const userOfGroup = Int32Array.from(groups, ({ group }) => users.of.get(userOfRequest[group]!)!);
  const resampled: Record<keyof typeof values, Resampled> = {
    auc: (times) => {
      for (let i = 0; i < drawn.length; i++) drawn[i] = weights[i]! * times[users.bySample[i]!]!;
      return aucInOrder(columns, order, drawn);
    },
    gauc: (times) =>
      gauc(groups.map((group, g) => ({ ...group, weight: group.weight * times[userOfGroup[g]!]! }))),
    logLoss: (times) => {
      let total = 0;
      let sum = 0;
      for (let i = 0; i < losses.length; i++) {
        const weight = weights[i]! * times[users.bySample[i]!]!;
        total += weight;
        sum += weight * losses[i]!;
      }
      return total > 0 ? sum / total : null;
    },
  };
  const intervals = bootstrap.samples > 0 ? bootstrapIntervals(resampled, users.count, bootstrap) : {};
  return { counts, values, intervals };
}

/** Numbers the users of the samples from 0. */
function denseUsers(requests: Int32Array, userOfRequest: Int32Array) {
  const of = new Map<number, number>();
  const bySample = Int32Array.from(requests, (request) => {
    const user = userOfRequest[request]!;
    const known = of.get(user);
    if (known !== undefined) return known;
    of.set(user, of.size);
    return of.size - 1;
  });
  return { of, bySample, count: of.size };
}

function reasonOf(metric: string, { samples, positives, negatives }: TaskEvaluation): string {
  if (samples === 0) return 'there are no samples';
  if (positives === 0) return 'every label is 0';
  if (negatives === 0) return 'every label is 1';
  return metric === 'gauc' ? 'no request has both labels' : 'the samples have no weight';
}
