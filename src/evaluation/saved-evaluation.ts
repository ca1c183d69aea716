/** What is saved of the evaluation of a run (`eval/metrics.json`), beside what the command adds. */
import type { Against, PairedMetric } from './against.js';
import type { TaskCurves } from './curves.js';
import type { Evaluation } from './evaluate.js';
import type { SliceColumn } from './slicing/slices.js';

export interface SavedEvaluation extends Evaluation {
  readonly run: string;
  /** The step of training that the weights are of. */
  readonly step: number;
  /** What the scores of the evaluation part took, waiting for batches left out. */
  readonly scoring: { readonly requests: number; readonly seconds: number };
  /** Task -> baseline -> its metrics on the same samples, by the names that they have before `[task]`. */
  readonly baselines: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, number | null>>>>>
  >;
  /**
   * Task -> baseline -> metric -> what the model has more, with its interval and p value; without a bootstrap, and of metrics without one,
   * there are none.
   */
  readonly differences: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, PairedMetric | null>>>>>
  >;
  /** Task -> pictures of its scores. */
  readonly curves: Readonly<Record<string, TaskCurves>>;
  /** Task -> its samples by the values of columns. */
  readonly slices: Readonly<Record<string, readonly SliceColumn[]>>;
  /** What differs from another run (`--against`), null without one. */
  readonly against: Against | null;
}
