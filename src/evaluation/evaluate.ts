/** The metrics of every task from its scored samples, with counts, intervals, curves and slices. */
import type { TaskKind } from '../common/prepared.js';
import type { ScoredSamples } from '../model/score-batches.js';
import { BinaryEvaluator } from './binary-evaluator.js';
import { type Interval, intervalOf } from './bootstrap.js';
import { ClassEvaluator } from './class-evaluator.js';
import type { TaskCurves } from './curves.js';
import type { SliceCodes, SliceColumn } from './slicing/slices.js';
import type { TaskEvaluator, TaskEvaluatorOptions } from './task-evaluator.js';
import type { UserNumbers } from './user-numbers.js';

export interface TaskEvaluation {
  readonly samples: number;
  /** Sum of their weights. */
  readonly weight: number;
  /** Samples of each label: [negatives, positives] of a binary task. */
  readonly labels: readonly number[];
  readonly requests: number;
  /** Requests with both labels, those that the metrics of order within a request speak of; of a binary task only. */
  readonly requestsWithBoth?: number;
  /** Users with a sample: what the intervals resample. */
  readonly users: number;
}

export interface Evaluation {
  /** `auc[ctr]` and so on, by docs/metrics.md; null where `reasons` says why. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Intervals of the same keys; none where bootstrapping was not asked for, and of what has none. */
  readonly intervals: Readonly<Record<string, Interval | null>>;
  readonly reasons: Readonly<Record<string, string>>;
  /** Tasks, or keys of metrics, whose numbers are too good or too bad to be believed, and what to look for: a sentence without its subject. */
  readonly warnings: Readonly<Record<string, string>>;
  readonly tasks: Readonly<Record<string, TaskEvaluation>>;
}

export interface MeasuredTask {
  readonly kind: TaskKind;
  /** Logits of a sample. */
  readonly outputs: number;
  readonly users: UserNumbers;
  readonly slices: SliceCodes | null;
}

export interface EvaluateOptions extends Pick<TaskEvaluatorOptions, 'bootstrap' | 'ndcgAt' | 'folder'> {
  /** By name. */
  readonly tasks: Readonly<Record<string, MeasuredTask>>;
  /** Part of the names of temporary files. */
  readonly name: string;
}

export interface Evaluated extends Pick<Evaluation, 'metrics' | 'intervals' | 'reasons' | 'tasks'> {
  readonly curves: Readonly<Record<string, TaskCurves>>;
  readonly slices: Readonly<Record<string, readonly SliceColumn[]>>;
  /** By the keys of the metrics: the value in each resample, NaN where it has none; resample k drew the same users of a task for all. */
  readonly resampled: Readonly<Record<string, Float64Array>>;
}

/** Takes the samples of several tasks; they are not kept in memory. */
export class Evaluator {
  readonly #byTask: ReadonlyMap<string, TaskEvaluator>;

  constructor({ tasks, name, ...shared }: EvaluateOptions) {
    this.#byTask = new Map(
      Object.entries(tasks).map(([task, { kind, outputs, users, slices }]) => {
        const options: TaskEvaluatorOptions = { ...shared, users, slices, name: `${name}-${task}` };
        const evaluator =
          kind === 'multiclass' ? new ClassEvaluator(outputs, options) : new BinaryEvaluator(options);
        return [task, evaluator];
      }),
    );
  }

  /** Samples of a task that was not named are passed over. */
  add(scored: ScoredSamples): void {
    this.#byTask.get(scored.task)?.add(scored);
  }

  /** After the last sample; `onShare` is told how much of it all is done, 0 to 1. */
  async finish(onShare: (share: number) => void = () => {}): Promise<Evaluated> {
    const metrics: Record<string, number | null> = {};
    const intervals: Record<string, Interval | null> = {};
    const reasons: Record<string, string> = {};
    const tasks: Record<string, TaskEvaluation> = {};
    const curves: Record<string, TaskCurves> = {};
    const slices: Record<string, readonly SliceColumn[]> = {};
    const resampled: Record<string, Float64Array> = {};
    for (const [at, [task, evaluator]] of [...this.#byTask].entries()) {
      const result = await evaluator.finish((share) => onShare((at + share) / this.#byTask.size));
      tasks[task] = result.counts;
      curves[task] = result.curves;
      slices[task] = result.slices;
      for (const [name, value] of Object.entries(result.values)) {
        const key = `${name}[${task}]`;
        metrics[key] = value;
        if (value === null) reasons[key] = result.reason(name);
        const values = result.resampled[name];
        if (!values) continue;
        resampled[key] = values;
        intervals[key] = intervalOf(values);
      }
    }
    return { metrics, intervals, reasons, tasks, curves, slices, resampled };
  }

  /** Removes the temporary files. */
  close(): void {
    for (const evaluator of this.#byTask.values()) evaluator.close();
  }
}
