/** The slices of a task where it is weakest, of all columns together. */

interface MeasuredSlice {
  readonly value: string;
  readonly samples: number;
  readonly labels: readonly number[];
  readonly area: number | null;
  readonly interval: { readonly low: number; readonly high: number } | null;
  readonly logLoss: number | null;
  readonly tiny: boolean;
}

interface Column<Slice> {
  readonly column: string;
  /** Mean of the areas of its slices. */
  readonly within: number | null;
  readonly slices: readonly Slice[];
}

export type ShownSlice<Slice> = Slice & {
  readonly column: string;
  readonly within: number | null;
  readonly area: number;
};

export interface WorstSlices<Slice> {
  /** By the upper end of their intervals, so that what is low by chance does not come first; the same samples once. */
  readonly slices: readonly ShownSlice<Slice>[];
  /** What to think of the lowest of many; empty of less than two. */
  readonly caution: string;
}

/** Those with enough samples. */
export function worstSlices<Slice extends MeasuredSlice>(
  columns: readonly Column<Slice>[],
): WorstSlices<Slice> {
  const measured = columns.flatMap(({ column, within, slices }) =>
    slices.flatMap((slice): ShownSlice<Slice>[] =>
      slice.tiny || slice.area === null ? [] : [{ ...slice, column, within, area: slice.area }],
    ),
  );
  const seen = new Set<string>();
  const slices = measured
    .sort((a, b) => highOf(a) - highOf(b) || b.samples - a.samples)
    .filter(({ samples, labels, area, logLoss }) => {
      const key = JSON.stringify([samples, labels, area, logLoss]);
      return !seen.has(key) && seen.add(key);
    });
  return { slices, caution: cautionOf(slices) };
}

const highOf = ({ area, interval }: ShownSlice<MeasuredSlice>) => interval?.high ?? area;

function cautionOf(slices: readonly ShownSlice<MeasuredSlice>[]): string {
  if (slices.length < 2) return '';
  const caution = 'The lowest of many slices looks worse than it is';
  const known = slices.filter(({ interval, within }) => interval && within !== null);
  if (known.length === 0) return `${caution}.`;
  const below = known.filter(({ interval, within }) => interval!.high < within!).length;
  const chance = (known.length / 40).toFixed(1);
  return (
    `${caution}: of ${known.length} ${known.length === 1 ? 'slice' : 'slices'} ${below} ` +
    `${below === 1 ? 'ends' : 'end'} below the mean of their column, where chance alone would give about ${chance}.`
  );
}

/** Where no slice can be shown, why; null where one can, and where there is none at all. */
export function tinyText(columns: readonly Column<MeasuredSlice>[]): string | null {
  const count = columns.reduce((sum, { slices }) => sum + slices.length, 0);
  if (count === 0 || worstSlices(columns).slices.length > 0) return null;
  return `no slice (of ${count}) has enough samples and users to tell where the task is weak`;
}
