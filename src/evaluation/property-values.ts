/** The values of a property field by how often they come, as text. */
import type { PropertyFieldManifest } from '../common/prepared.js';
import type { Names } from '../dataset/names.js';
import { describer, valueText } from '../dataset/shown-value.js';

export interface PropertyValue {
  /** A value, `(missing)`, `(out of vocabulary)` or `(other)`. */
  readonly value: string;
  /** Rows of the field that stand for it. */
  readonly indexes: readonly number[];
  readonly count: number;
}

/**
 * The most frequent first, at most `most` of them and the rest as `(other)`; `counts` by row of the field. What never
 * comes is left out.
 */
export async function propertyValues(
  names: Names,
  field: PropertyFieldManifest,
  counts: Float64Array,
  most: number,
): Promise<PropertyValue[]> {
  const met = [...counts.keys()].filter((index) => counts[index]! > 0);
  const show = await describer(names, 'properties', field, met);
  const byText = new Map<string, number[]>();
  for (const index of met) {
    const text = valueText(show(index));
    const indexes = byText.get(text);
    if (indexes) indexes.push(index);
    else byText.set(text, [index]);
  }
  const counted = (value: string, indexes: readonly number[]): PropertyValue => ({
    value,
    indexes,
    count: indexes.reduce((sum, index) => sum + counts[index]!, 0),
  });
  const values = [...byText].map(([text, indexes]) => counted(text, indexes));
  values.sort((a, b) => b.count - a.count || a.indexes[0]! - b.indexes[0]!);
  const rest = values.splice(most).flatMap(({ indexes }) => indexes);
  return rest.length > 0 ? [...values, counted('(other)', rest)] : values;
}
