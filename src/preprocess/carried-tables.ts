/** The tables of an earlier prepared folder that the plan goes on from; they are empty where there is no such folder. */
import { join } from 'node:path';
import { preparedPaths } from '../common/prepared.js';
import { escapeGlob, quoteLiteral } from '../common/sql.js';
import type { Config } from '../config/schema.js';
import type { Carried, Encoding } from './carried.js';
import { attributesOf } from './items.js';
import { carriedVocabulary, type FieldGroup } from './vocabulary.js';

const parquet = (path: string) => `read_parquet(${quoteLiteral(escapeGlob(path))})`;

/** Every field of the config with a vocabulary of its own. */
function vocabulariesOf({
  features,
  entities,
}: Config): { readonly group: FieldGroup; readonly at: number }[] {
  const of = (group: FieldGroup, fields: object) => Object.keys(fields).map((_, at) => ({ group, at }));
  return [
    ...of('item', features.item),
    ...of('property', features.properties),
    ...of('user', features.user),
    ...(features.query ? [{ group: 'query' as const, at: 0 }] : []),
    ...Object.values(entities).flatMap(({ fields }, number) =>
      of(`entity_${number}`, fields).filter((_, at) => Object.values(fields)[at]!.shares === undefined),
    ),
  ];
}

/**
 * `carried_<group>_<k>` (value, count, idx) of each vocabulary, `carried_users` (usr, user_id, met: counted among the
 * users met) and `carried_items` (the columns of `item_rows`). Users, items and counts go on in an update alone.
 */
export function createCarriedSql(config: Config, carried: Carried | null, encoding: Encoding): string[] {
  const count = carried?.isUpdate ? 'count' : '0';
  const vocabularies = vocabulariesOf(config).map(({ group, at }) => {
    const file = encoding.vocabularyFile(group, at);
    const rows = file
      ? `SELECT value, CAST(${count} AS BIGINT) AS count, CAST("index" AS INTEGER) AS idx FROM ${parquet(file)}`
      : `SELECT '' AS value, CAST(0 AS BIGINT) AS count, CAST(0 AS INTEGER) AS idx WHERE false`;
    return `CREATE TABLE ${carriedVocabulary(group, at)} AS ${rows}`;
  });
  const attributes = attributesOf(config).map(({ at }) => `a${at}`);
  const numbers = Object.keys(config.features.itemNumbers).map((_, at) => `x${at}`);
  if (!carried?.isUpdate) {
    const columns = [
      'CAST(0 AS INTEGER) AS item',
      `'' AS item_id`,
      ...attributes.map((name) => `'' AS ${name}`),
      ...numbers.map((name) => `CAST(0 AS DOUBLE) AS ${name}`),
    ];
    return [
      ...vocabularies,
      `CREATE TABLE carried_users AS SELECT CAST(0 AS INTEGER) AS usr, '' AS user_id, false AS met WHERE false`,
      `CREATE TABLE carried_items AS SELECT ${columns.join(', ')} WHERE false`,
    ];
  }
  // By place: in the file they have the names of fields, which may differ in ways that SQL's do not.
  const columns = ['item', 'item_id', ...attributes, ...numbers].join(', ');
  const file = (path: string) => parquet(join(carried.folder, path));
  return [
    ...vocabularies,
    `CREATE TABLE carried_users AS SELECT "user" AS usr, user_id, met FROM ${file(preparedPaths.users)}`,
    `CREATE TABLE carried_items AS SELECT ${columns} FROM ${file(preparedPaths.items)} rows(${columns})`,
  ];
}
