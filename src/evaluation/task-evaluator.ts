/** What measures the samples of a task, whatever its kind. */
import type { ScoredSamples } from '../model/score-batches.js';
import type { Bootstrap } from './bootstrap.js';
import type { TaskCurves } from './curves.js';
import type { TaskEvaluation } from './evaluate.js';
import type { SliceCodes, SliceColumn } from './slicing/slices.js';
import type { UserNumbers } from './user-numbers.js';

export interface TaskEvaluatorOptions {
  readonly users: UserNumbers;
  readonly slices: SliceCodes | null;
  readonly bootstrap: Bootstrap;
  /** Places of a request's list that NDCG looks at. */
  readonly ndcgAt: number;
  /** For temporary files. */
  readonly folder: string;
  /** Part of their names, unlike that of other evaluators that use the folder. */
  readonly name: string;
}

export interface TaskResult {
  readonly counts: TaskEvaluation;
  /** Metric -> value; null where `reason` says why. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly reason: (metric: string) => string;
  /** Metric -> its value in each resample, NaN where it has none; of those with an interval. */
  readonly resampled: Readonly<Record<string, Float64Array>>;
  readonly curves: TaskCurves;
  readonly slices: readonly SliceColumn[];
}

export interface TaskEvaluator {
  /** Samples in any order, but those of a request all at once. */
  add(scored: ScoredSamples): void;
  /** After the last sample; `onShare` is told how much of the resampling is done, 0 to 1. */
  finish(onShare?: (share: number) => void): Promise<TaskResult>;
  /** Removes the temporary files. */
  close(): void;
}
