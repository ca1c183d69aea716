/** Parts of the evaluation samples by the values of columns: where a model is weak. */
import type { Interval } from './bootstrap.js';

export interface Slice {
  readonly value: string;
  readonly samples: number;
  /** Samples of each label. */
  readonly labels: readonly number[];
  readonly users: number;
  /** Weight of the slice over that of all samples. */
  readonly share: number;
  /** `auc`, or `macroAuc` of several classes, within the slice; null where it has one kind of label. */
  readonly area: number | null;
  readonly interval: Interval | null;
  /** Nats; null without weight. */
  readonly logLoss: number | null;
  /** Sum of the predicted probabilities over the number of positives; null without positives, and of several classes. */
  readonly predictedOverObserved: number | null;
  /** Too few to say anything: such slices come last. */
  readonly tiny: boolean;
}

export interface SliceColumn {
  readonly column: string;
  /** Worst first: by area, tiny ones and those without an area last. */
  readonly slices: readonly Slice[];
}
