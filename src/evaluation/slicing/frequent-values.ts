/** Slices of a field: one for each of its most frequent values, and one for all others. */
import { type FieldManifest, MISSING_INDEX } from '../../common/prepared.js';
import type { Names } from '../../dataset/names.js';
import { describer, valueText } from '../../dataset/shown-value.js';

/** Values of a column that have a slice of their own. */
export const MOST_VALUES = 24;

export const OTHER = '(other)';

export interface FieldSlices {
  /** By code; the last one is of all others. */
  readonly values: readonly string[];
  /** Vocabulary index -> code. */
  codeOf(index: number): number;
}

/** `counts` is how many samples have each index, [rows of the field]. Out-of-vocabulary rows are one value. */
export async function frequentValues(
  names: Names,
  group: string,
  field: FieldManifest,
  counts: Float64Array,
): Promise<FieldSlices> {
  const firstBucket = MISSING_INDEX + 1;
  const keyOf = (index: number) =>
    index > MISSING_INDEX && index <= MISSING_INDEX + field.buckets ? firstBucket : index;
  const byKey = new Map<number, number>();
  for (const [index, count] of counts.entries()) {
    if (count > 0) byKey.set(keyOf(index), (byKey.get(keyOf(index)) ?? 0) + count);
  }
  const keys = [...byKey]
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, MOST_VALUES)
    .map(([key]) => key);
  const describe = await describer(names, group, field, keys);
  const codes = new Map(keys.map((key, code) => [key, code]));
  return {
    values: [...keys.map((key) => valueText(describe(key))), OTHER],
    codeOf: (index) => codes.get(keyOf(index)) ?? keys.length,
  };
}
