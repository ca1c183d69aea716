/** The slices of a task put together from what was summed, counted and ranked of each. */
import { type Interval, intervalOf } from '../bootstrap.js';
import type { SliceCounts } from './slice-counts.js';
import { isTiny, type Slice, type SliceCodes, type SliceColumn, worstFirst } from './slices.js';

export interface SlicedBy {
  readonly codes: SliceCodes;
  readonly counts: SliceCounts;
  /** The rest of what is known of a slice, by its number. */
  readonly measure: (slice: number) => Pick<Slice, 'share' | 'area' | 'logLoss' | 'predictedOverObserved'>;
  /** The areas of each slice in the resamples, [slices]; null without a bootstrap. */
  readonly resampled: readonly Float64Array[] | null;
}

/** Values that no sample has are left out, and columns that all samples agree in. */
export function slicedColumns({ codes, counts, measure, resampled }: SlicedBy): SliceColumn[] {
  const sliced = codes.columns.map(({ column, values }, at) => {
    const slices = values.flatMap((value, code): Slice[] => {
      const slice = counts.starts[at]! + code;
      const labels = counts.labels(slice);
      const samples = labels.reduce((sum, count) => sum + count, 0);
      if (samples === 0) return [];
      const users = counts.users(slice);
      const interval: Interval | null = resampled ? intervalOf(resampled[slice]!) : null;
      return [{ value, samples, labels, users, ...measure(slice), interval, tiny: isTiny(labels, users) }];
    });
    return { column, within: meanArea(slices), slices: slices.sort(worstFirst) };
  });
  return sliced.filter(({ slices }) => slices.length > 1);
}

function meanArea(slices: readonly Slice[]): number | null {
  const known = slices.filter(({ area }) => area !== null);
  const weight = known.reduce((sum, { share }) => sum + share, 0);
  return weight > 0 ? known.reduce((sum, { share, area }) => sum + share * area!, 0) / weight : null;
}
