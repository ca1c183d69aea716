/**
 * Vocabularies: the values of a field met in the training period, by falling count, with the row of each. A vocabulary that is
 * carried on keeps the rows of its values; those that it grows by follow.
 */

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
 * The vocabulary of an earlier folder (value, count, idx): one table for each field, empty where there is no such vocabulary.
 * Its counts are 0 unless the new ones are added to them.
 */
export const carriedVocabulary = (group: FieldGroup, field: number): string => `carried_${group}_${field}`;

/** Counts of things that are only met once, added to those of the earlier vocabulary. */
export function addedUp(counts: string, group: FieldGroup, field: number): string {
  return `${counts} UNION ALL SELECT value, count AS n FROM ${carriedVocabulary(group, field)}`;
}

/**
 * Makes the table (value, count, idx) from a query of (value, n) rows whose n add up; idx is NULL for a value below
 * the threshold or beyond the maximum size. Values that the earlier vocabulary has an idx for keep it, met or not.
 */
export function createVocabularySql(
  { group, field, grows }: { readonly group: FieldGroup; readonly field: number; readonly grows: boolean },
  counts: string,
  rule: VocabularyRule,
): string {
  const { minCount, maxSize, buckets } = rule;
  const earlier = carriedVocabulary(group, field);
  const kept = [
    `${grows} AND count >= ${minCount}`,
    ...(maxSize === undefined ? [] : [`known + place <= ${maxSize}`]),
  ].join(' AND ');
  return `CREATE TABLE ${vocabularyTable(group, field)} AS
    SELECT value, count, CAST(coalesce(idx, CASE WHEN ${kept} THEN ${buckets} + known + place END) AS INTEGER) AS idx
    FROM (SELECT *, row_number() OVER (PARTITION BY idx IS NULL ORDER BY count DESC, value) AS place,
        (SELECT count(idx) FROM ${earlier}) AS known
      FROM (SELECT coalesce(summed.value, e.value) AS value, coalesce(summed.count, 0) AS count, e.idx
        FROM (SELECT value, CAST(sum(n) AS BIGINT) AS count FROM (${counts}) counted
          WHERE value IS NOT NULL GROUP BY value HAVING sum(n) > 0) summed
        FULL JOIN (SELECT value, idx FROM ${earlier}) e ON e.value = summed.value
        WHERE summed.value IS NOT NULL OR e.idx IS NOT NULL) met) placed`;
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
