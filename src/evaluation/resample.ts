/** The metrics of a task in every resample of its users, block by block: one pass over the samples for each block. */
import { type Bootstrap, type DrawnBlock, drawBlocks } from './bootstrap.js';
import type { ScoreSorter } from './scores/score-sorter.js';
import type { SliceCounts } from './slicing/slice-counts.js';
import type { Sums } from './sums.js';

/** Resamples that the intervals of slices are from, at most: there are many slices. */
const SLICE_RESAMPLES = 256;

export interface ResampledTask {
  readonly numUsers: number;
  readonly bootstrap: Bootstrap;
  readonly sums: Sums;
  /** Metrics that follow from sums. */
  readonly ratios: (sums: Float64Array) => Readonly<Record<string, number | null>>;
  /** What the area is called. */
  readonly area: string;
  /** Group 0 is all samples, group 1 + s the slice s: the areas of a group, [width], NaN where it has none. */
  readonly areas: (block: DrawnBlock, withSlices: boolean) => Promise<(group: number) => Float64Array>;
  readonly slices: number;
  readonly onShare: (share: number) => void;
}

export interface Resampled {
  /** Metric -> its value in each resample, NaN where it has none. */
  readonly metrics: Readonly<Record<string, Float64Array>>;
  /** The areas of each slice in some of the resamples; null without a bootstrap. */
  readonly slices: readonly Float64Array[] | null;
}

export async function resample(task: ResampledTask): Promise<Resampled> {
  const { numUsers, bootstrap, sums, ratios, area, slices, onShare } = task;
  const { samples } = bootstrap;
  if (samples === 0) return { metrics: {}, slices: null };
  const names = [area, ...Object.keys(ratios(sums.total))];
  const metrics = Object.fromEntries(names.map((name) => [name, new Float64Array(samples)]));
  const ofSlices: readonly number[][] = Array.from({ length: slices }, () => []);
  for (const block of drawBlocks(numUsers, bootstrap)) {
    const { first, width } = block;
    const totals = sums.resampled(block);
    for (let at = 0; at < width; at++) {
      const values = ratios(totals.subarray(at * sums.columns, (at + 1) * sums.columns));
      for (const [name, value] of Object.entries(values)) metrics[name]![first + at] = value ?? Number.NaN;
    }
    const withSlices = slices > 0 && first < SLICE_RESAMPLES;
    const areasOf = await task.areas(block, withSlices);
    metrics[area]!.set(areasOf(0), first);
    if (withSlices) for (const [slice, values] of ofSlices.entries()) values.push(...areasOf(1 + slice));
    onShare((first + width) / samples);
  }
  return { metrics, slices: ofSlices.map((values) => Float64Array.from(values)) };
}

/** Takes samples by rising score. */
interface Areas {
  add(group: number, score: number, positive: boolean, weight: number, user: number): void;
}

/** Adds every sample to group 0, and to the groups of its slices unless `counts` is null. */
export async function addRanked(
  sorter: ScoreSorter,
  areas: Areas,
  counts: SliceCounts | null,
  visit: (score: number, positive: boolean, weight: number, user: number) => void = () => {},
): Promise<void> {
  const { columns, starts } = counts ?? { columns: 0, starts: [] };
  for await (const rows of sorter.sorted()) {
    const { length, scores, positives, weights, users, codes } = rows;
    for (let at = 0; at < length; at++) {
      const [score, weight, user] = [scores[at]!, weights[at]!, users[at]!];
      const positive = positives[at] === 1;
      areas.add(0, score, positive, weight, user);
      visit(score, positive, weight, user);
      for (let column = 0; column < columns; column++) {
        const slice = starts[column]! + codes[at * columns + column]!;
        areas.add(1 + slice, score, positive, weight, user);
      }
    }
  }
}
