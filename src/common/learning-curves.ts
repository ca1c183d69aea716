/** How a run has learned, thinned for pictures. */

/** A line of metrics.jsonl: numbers by name, such as `loss[ctr]` or `auc[ctr]`; null for one that could not be measured. */
export type LearningRecord = Readonly<Record<string, number | null>> & {
  readonly step: number;
  readonly epoch: number;
};

export interface LearningCurves {
  /** Means of records that follow one another, at most some hundred. */
  readonly training: readonly LearningRecord[];
  readonly validation: readonly LearningRecord[];
}
