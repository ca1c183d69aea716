/** One field from its text to the rows of its embedding table, with a count of what the vocabulary does not have. */
import { type FieldManifest, MISSING_INDEX } from '../common/prepared.js';
import { fieldIndex } from '../features/field-index.js';
import { splitValues } from '../features/split-values.js';

/** Value -> table row. */
export type Vocabulary = ReadonlyMap<string, number>;

/** Values that were looked up, and those of them that the vocabulary does not have; missing ones are neither. */
export interface LookUps {
  read: number;
  unknown: number;
}

export interface FieldEncoder {
  readonly lookUps: LookUps;
  /** The rows of a cell: one of a single-valued field. */
  rows(text: string | null): number[];
  /** The row of a single value. */
  row(value: string | null): number;
}

/** `name` is what values are hashed with: that of the field whose vocabulary it is. */
export function fieldEncoder(
  { name, buckets }: Pick<FieldManifest, 'name' | 'buckets'>,
  vocabulary: Vocabulary,
  separator: string | undefined,
): FieldEncoder {
  const lookUps = { read: 0, unknown: 0 };
  const row = (value: string | null) => {
    const index = fieldIndex(name, value, vocabulary, buckets);
    if (index === MISSING_INDEX) return index;
    lookUps.read++;
    if (index <= buckets) lookUps.unknown++;
    return index;
  };
  return {
    lookUps,
    row,
    rows: (text) => (separator === undefined ? [row(text)] : splitValues(text, separator).map(row)),
  };
}
