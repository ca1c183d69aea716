/** The metrics of every task from its scored samples, with counts and intervals. */
import type { TaskKind } from '../common/prepared.js';
import { bootstrapIntervals, type Interval } from './bootstrap.js';
import { evaluateBinary } from './evaluate-binary.js';
import { evaluateMulticlass } from './evaluate-multiclass.js';
import type { PredictionColumns } from './predictions.js';
import type { TaskMetrics } from './task-metrics.js';
import { numberUsers, type UserNumbers } from './user-numbers.js';

export interface TaskEvaluation {
  readonly samples: number;
  /** Samples of each label: [negatives, positives] of a binary task. */
  readonly labels: readonly number[];
  readonly requests: number;
  /** Requests with both classes, those that the GAUC speaks of; of a binary task only. */
  readonly requestsWithBoth?: number;
  /** Users among the samples: what the intervals resample. */
  readonly users: number;
}

export interface Evaluation {
  /**
   * Of a binary task or one that ranks `auc[task]`, `gauc[task]` (by request) and `logLoss[task]` (nats), of one with several classes
   * `accuracy[task]`, `macroAuc[task]` and `logLoss[task]`; null where `reasons` says why.
   */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Intervals of the same keys; none where bootstrapping was not asked for. */
  readonly intervals: Readonly<Record<string, Interval | null>>;
  readonly reasons: Readonly<Record<string, string>>;
  /** Keys of metrics that are too good or too bad to be believed, and what to look for. */
  readonly warnings: Readonly<Record<string, string>>;
  readonly tasks: Readonly<Record<string, TaskEvaluation>>;
}

export interface EvaluateOptions {
  readonly kinds: Readonly<Record<string, TaskKind>>;
  /** User of each request of the prepared data. */
  readonly userOfRequest: Int32Array;
  readonly bootstrap: { readonly samples: number; readonly seed: number };
}

const EVALUATORS: Readonly<
  Record<TaskKind, (columns: PredictionColumns, users: UserNumbers) => TaskMetrics>
> = {
  binary: evaluateBinary,
  rank: evaluateBinary,
  multiclass: evaluateMulticlass,
};

/** Evaluates each task by itself; `predictions` is task -> columns. */
export function evaluate(
  predictions: ReadonlyMap<string, PredictionColumns>,
  { kinds, userOfRequest, bootstrap }: EvaluateOptions,
): Evaluation {
  const metrics: Record<string, number | null> = {};
  const intervals: Record<string, Interval | null> = {};
  const reasons: Record<string, string> = {};
  const warnings: Record<string, string> = {};
  const tasks: Record<string, TaskEvaluation> = {};
  for (const [task, columns] of predictions) {
    const users = numberUsers(columns.requests, userOfRequest);
    const { counts, values, reason, resampled } = EVALUATORS[kinds[task]!](columns, users);
    tasks[task] = counts;
    const drawn = bootstrap.samples > 0 ? bootstrapIntervals(resampled(), users.count, bootstrap) : {};
    for (const [name, value] of Object.entries(values)) {
      const key = `${name}[${task}]`;
      metrics[key] = value;
      const interval = drawn[name];
      if (interval !== undefined) intervals[key] = interval;
      if (value === null) reasons[key] = reason(name);
      const warning = value === null ? null : warningOf(name, value);
      if (warning !== null) warnings[key] = warning;
    }
  }
  return { metrics, intervals, reasons, warnings, tasks };
}

const AREAS: readonly string[] = ['auc', 'gauc', 'macroAuc'];

function warningOf(metric: string, value: number): string | null {
  if (!AREAS.includes(metric)) return null;
  if (value > 0.98) {
    return 'above 0.98: look for a feature that knows the label, such as an event of the request itself';
  }
  if (value < 0.5) return 'below 0.5, worse than chance: look for labels or scores with the wrong sign';
  return null;
}
