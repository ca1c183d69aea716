/**
 * Contexts: the few combinations of what an event has beside its item and its moment - property values and the columns
 * that user fields read off the latest event. Working on them instead of on events makes their lookups cheap.
 */
import type { Config } from '../config/schema.js';
import { localSecondsSql, type ZoneOffset } from '../features/local-time.js';
import { timeFieldSql } from '../features/time-fields.js';
import type { Encoding } from './carried.js';
import { type IngestedTable, text } from './items.js';
import { createVocabularySql, type FieldGroup, lookUp, vocabularyTable } from './vocabulary.js';

interface ContextColumn {
  /** Name in SQL: p<k> for the k-th property field, u<k> for the k-th user field. */
  readonly column: string;
  /** Its value as text, of a row of the log. */
  readonly sql: string;
}

/** User fields that the latest event before a request decides, with their position among the user fields. */
export function lastEventFields(config: Config) {
  return Object.entries(config.features.user)
    .map(([name, field], at) => ({ name, field, at }))
    .filter(({ field }) => field.from === 'lastEvent');
}

function contextColumns(config: Config, log: IngestedTable, offsets: readonly ZoneOffset[], alias: string) {
  const local = localSecondsSql(`${alias}.time_us`, offsets);
  const properties = Object.entries(config.features.properties).map(
    ([name, field], at): ContextColumn => ({
      column: `p${at}`,
      sql: field.time ? timeFieldSql(field.time, local) : `${alias}.${text(log, field.column ?? name)}`,
    }),
  );
  const lastEvent = lastEventFields(config).map(
    ({ field, at }): ContextColumn => ({ column: `u${at}`, sql: `${alias}.${text(log, field.column)}` }),
  );
  return [...properties, ...lastEvent];
}

/** `context_values` (context, the columns as text, n: events in the training period). */
export function createContextsSql(
  config: Config,
  log: IngestedTable,
  offsets: readonly ZoneOffset[],
  evaluationFromUs: bigint,
): string[] {
  const columns = contextColumns(config, log, offsets, 'l');
  const n = `count(*) FILTER (WHERE l.time_us < ${evaluationFromUs}) AS n`;
  if (columns.length === 0) {
    return [`CREATE TABLE context_values AS SELECT 0 AS context, ${n} FROM ${log.table} l`];
  }
  const names = columns.map(({ column }) => column);
  return [
    `CREATE TABLE context_values AS
      SELECT CAST(row_number() OVER (ORDER BY ${names.map((name) => `${name} NULLS FIRST`).join(', ')}) - 1 AS INTEGER) AS context, *
      FROM (SELECT ${[...columns.map(({ column, sql }) => `${sql} AS ${column}`), n].join(', ')}
        FROM ${log.table} l GROUP BY ALL) grouped`,
  ];
}

/** Joins rows of the log to `context_values`. */
export function joinContexts(
  config: Config,
  log: IngestedTable,
  offsets: readonly ZoneOffset[],
  alias: string,
): string {
  const columns = contextColumns(config, log, offsets, alias);
  const matches = columns.map(({ column, sql }) => `c.${column} IS NOT DISTINCT FROM ${sql}`);
  return matches.length > 0
    ? `LEFT JOIN context_values c ON ${matches.join(' AND ')}`
    : 'CROSS JOIN context_values c';
}

/** The vocabularies of property fields and of user fields read off events. */
export function createContextVocabulariesSql(config: Config, encoding: Encoding): string[] {
  const place = (group: FieldGroup, field: number) => ({ group, field, grows: encoding.grows(group, field) });
  const properties = Object.values(config.features.properties).map((field, at) =>
    createVocabularySql(place('property', at), `SELECT p${at} AS value, n FROM context_values`, field),
  );
  const lastEvent = lastEventFields(config).map(({ field, at }) =>
    createVocabularySql(place('user', at), `SELECT u${at} AS value, n FROM context_values`, field),
  );
  return [...properties, ...lastEvent];
}

/** `contexts` (context, code, u<k>): the property code and the rows of the user fields. */
export function createContextCodesSql(config: Config, strides: readonly number[]): string {
  const properties = Object.entries(config.features.properties).map(([name, { buckets }], at) =>
    lookUp({ name, buckets }, vocabularyTable('property', at), `vp${at}`, `x.p${at}`),
  );
  const users = lastEventFields(config).map(({ name, field, at }) => ({
    at,
    ...lookUp({ name, buckets: field.buckets }, vocabularyTable('user', at), `vu${at}`, `x.u${at}`),
  }));
  const code = properties.map(({ index }, at) => `(${index}) * ${strides[at]!}`).join(' + ') || '0';
  const columns = [
    'x.context',
    `CAST(${code} AS INTEGER) AS code`,
    ...users.map(({ at, index }) => `${index} AS u${at}`),
  ];
  const joins = [...properties, ...users].map(({ join }) => join).join(' ');
  return `CREATE TABLE contexts AS SELECT ${columns.join(', ')} FROM context_values x ${joins}`;
}
