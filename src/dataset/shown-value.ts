/** What the rows of a field's embedding table stand for, as text. */
import { type FieldManifest, MISSING_INDEX } from '../common/prepared.js';
import type { Names } from './names.js';
import type { FieldArrays } from './prepared.js';

/** Row `index` of a field's embedding table. */
export interface ShownValue {
  readonly index: number;
  readonly kind: 'value' | 'missing' | 'outOfVocabulary';
  /** Of kind `value`. */
  readonly value: string | null;
}

/** The value, or in brackets why there is none. */
export function valueText({ kind, value }: Pick<ShownValue, 'kind' | 'value'>): string {
  switch (kind) {
    case 'value':
      return value!;
    case 'missing':
      return '(missing)';
    case 'outOfVocabulary':
      return '(out of vocabulary)';
  }
}

/** The values of a row of items, of an entity or of the queries. */
export function indexesOf(
  { values, offsets }: Pick<FieldArrays, 'values' | 'offsets'>,
  row: number,
): number[] {
  return offsets ? [...values.read(offsets.at(row), offsets.at(row + 1))] : [values.at(row)];
}

/** What a row of a field's table stands for, once the values among `indexes` are looked up. */
export async function describer(
  names: Names,
  group: string,
  field: FieldManifest,
  indexes: readonly number[],
): Promise<(index: number) => ShownValue> {
  const isValue = (index: number) => index > MISSING_INDEX + field.buckets;
  const values = await names.values(group, field.name, indexes.filter(isValue));
  return (index) => {
    if (index === MISSING_INDEX) return { index, kind: 'missing', value: null };
    if (!isValue(index)) return { index, kind: 'outOfVocabulary', value: null };
    return { index, kind: 'value', value: values.get(index) ?? '' };
  };
}
