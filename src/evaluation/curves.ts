/** What the evaluation of a task gives to be looked at: data of pictures, small whatever the number of samples. */

export interface RocPoint {
  /** Share of the negatives' weight that is scored at or above a threshold, rising from 0 to 1. */
  readonly falsePositiveRate: number;
  /** The same of the positives. */
  readonly truePositiveRate: number;
}

/** Samples of neighbouring predictions: bins of equal weight, equal predictions in one bin. */
export interface CalibrationBin {
  readonly samples: number;
  readonly weight: number;
  /** Weighted mean of the predicted probability. */
  readonly predicted: number;
  /** Weighted share of positives. */
  readonly observed: number;
  /** Standard deviation that `observed` would have if every prediction were right and samples came independently. */
  readonly deviation: number;
}

export interface TaskCurves {
  /** Of a binary task one curve, of several classes one for each class against all others; null for a class without both kinds. */
  readonly roc: readonly (readonly RocPoint[] | null)[];
  /** By rising prediction; of several classes of the probability of the class that is predicted. */
  readonly calibration: readonly CalibrationBin[];
  /** Of several classes: weight by [label][predicted class]. */
  readonly confusion: readonly (readonly number[])[] | null;
}
