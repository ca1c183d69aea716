/** Parts of the evaluation samples by the values of columns: where a model is weak. */
import type { Interval } from '../bootstrap.js';

export interface Slice {
  readonly value: string;
  readonly samples: number;
  /** Samples of each label. */
  readonly labels: readonly number[];
  readonly users: number;
  /** Weight of the slice over that of all samples; 0 where they have none. */
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
  /**
   * Mean of the slices' areas by their weights: what a slice should be held against, since the area over all samples also
   * has the order between slices; null where none has an area.
   */
  readonly within: number | null;
  /** Worst first: by the upper end of the interval (or the area), tiny ones and those without an area last. */
  readonly slices: readonly Slice[];
}

/** What tells the slices of a task's samples apart. */
export interface SliceCodes {
  /** At most 256 values each. */
  readonly columns: readonly { readonly column: string; readonly values: readonly string[] }[];
  /** Place among the values, of the samples [first, last) of the task, row by row, [samples, columns]. */
  read(first: number, last: number): Uint8Array;
}

/** Fewer samples of one of the labels, or fewer users, tell nothing. */
const TINY = { samples: 30, users: 20 };

export function isTiny(labels: readonly number[], users: number): boolean {
  return users < TINY.users || labels.filter((count) => count >= TINY.samples).length < 2;
}

export const shareOf = (weight: number, total: number): number => (total > 0 ? weight / total : 0);

/** Worst first: what is low beyond chance, and not what happens to be lowest of a hundred. */
export function worstFirst(a: Slice, b: Slice): number {
  return Number(a.tiny) - Number(b.tiny) || highOf(a) - highOf(b) || b.samples - a.samples;
}

const highOf = ({ area, interval }: Slice) => (area === null ? 2 : (interval?.high ?? area));

/** Where the slices of each column begin, when those of all columns are numbered one after the other; the last one is their number. */
export function sliceStarts({ columns }: Pick<SliceCodes, 'columns'>): number[] {
  const starts = [0];
  for (const { values } of columns) starts.push(starts.at(-1)! + values.length);
  return starts;
}
