/** Vocabularies: the values of a field met in the training period, by falling count, with the row of each. */

import { quoteLiteral } from '../common/sql.js';
import { fieldIndexSql } from '../features/field-index.js';

export interface VocabularyRule {
  readonly minCount: number;
  readonly maxSize?: number | undefined;
  readonly buckets: number;
}

/** Fields are numbered within their group: names of tables in SQL never hold the user's text. */
export type FieldGroup = 'item' | 'property' | 'user' | 'query' | `entity_${number}`;

export const vocabularyTable = (group: FieldGroup, field: number): string => `vocabulary_${group}_${field}`;

/**
 * Makes the table (value, count, idx) from a query of (value, n) rows whose n add up; idx is NULL for a value below
 * the threshold or beyond the maximum size.
 */
export function createVocabularySql(table: string, counts: string, rule: VocabularyRule): string {
  const { minCount, maxSize, buckets } = rule;
  const kept = [`count >= ${minCount}`, ...(maxSize === undefined ? [] : [`place <= ${maxSize}`])].join(
    ' AND ',
  );
  return `CREATE TABLE ${table} AS
    SELECT value, count, CAST(CASE WHEN ${kept} THEN place + ${buckets} END AS INTEGER) AS idx
    FROM (SELECT value, count, row_number() OVER (ORDER BY count DESC, value) AS place
      FROM (SELECT value, CAST(sum(n) AS BIGINT) AS count FROM (${counts}) counted
        WHERE value IS NOT NULL GROUP BY value HAVING sum(n) > 0) summed) placed`;
}

/**
 * Looks a value up: the joined vocabulary and the expression of the row.
 * `alias` names the join; the value is looked up with equality, so NULL finds nothing and is the missing value.
 */
export function lookUp(
  field: { readonly name: string; readonly buckets: number },
  table: string,
  alias: string,
  value: string,
): { readonly join: string; readonly index: string } {
  return {
    join: `LEFT JOIN ${table} ${alias} ON ${alias}.value = ${value}`,
    index: fieldIndexSql(quoteLiteral(field.name), value, `${alias}.idx`, field.buckets),
  };
}
