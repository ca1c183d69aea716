/**
 * From a value of a field to the row of its embedding table: row 0 is the missing value, then come the
 * out-of-vocabulary buckets, then the vocabulary.
 */
import { MISSING_INDEX } from '../common/prepared.js';
import { hash32, hash32Sql } from './hash32.js';

/** What is hashed to choose the bucket of a value. */
const hashed = (field: string, value: string) => `${field}:${value}`;

/** `known` is the vocabulary (value -> row); null and the empty text are missing. */
export function fieldIndex(
  field: string,
  value: string | null,
  known: ReadonlyMap<string, number>,
  buckets: number,
): number {
  if (value === null || value === '') return MISSING_INDEX;
  return known.get(value) ?? 1 + (hash32(hashed(field, value)) % buckets);
}

/** The same in SQL: `value` is the text, `known` the row of the vocabulary where there is one, else NULL. */
export function fieldIndexSql(fieldLiteral: string, value: string, known: string, buckets: number): string {
  const bucket = `1 + ${hash32Sql(`${fieldLiteral} || ':' || ${value}`)} % ${buckets}`;
  return `CAST(CASE WHEN ${value} IS NULL THEN ${MISSING_INDEX} ELSE coalesce(${known}, ${bucket}) END AS INTEGER)`;
}
