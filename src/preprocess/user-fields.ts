/** The fields of users: from their profiles, from requests, and from the latest event before them. */
import type { Config } from '../config/schema.js';
import type { Encoding } from './carried.js';
import { lastEventFields } from './contexts.js';
import { type Inputs, text } from './items.js';
import type { SplitBounds } from './split-requests.js';
import { addedUp, createVocabularySql, lookUp, vocabularyTable } from './vocabulary.js';

/** `users_met` (usr): those with an event or a training or validation request before the evaluation period. */
export const createUsersMetSql = ({ evaluationFromUs }: SplitBounds): string =>
  `CREATE TABLE users_met AS SELECT usr FROM events WHERE time_us < ${evaluationFromUs} UNION SELECT usr FROM request_rows WHERE split < 2`;

/**
 * The vocabularies of user fields from the profile table (users met before the evaluation period) and from requests; what
 * earlier preparations met counts too, each user once.
 */
export function createUserVocabulariesSql(config: Config, encoding: Encoding): string[] {
  const counts = {
    request: (at: number) => `SELECT u${at} AS value, 1 AS n FROM request_rows WHERE split < 2`,
    users: (at: number) => `SELECT p.u${at} AS value, 1 AS n FROM profiles p
      WHERE p.usr IN (SELECT usr FROM users_met) AND p.usr NOT IN (SELECT usr FROM carried_users WHERE met)`,
  };
  return Object.values(config.features.user).flatMap((field, at) =>
    field.from === 'lastEvent'
      ? []
      : [
          createVocabularySql(
            { group: 'user', field: at, grows: encoding.grows('user', at) },
            addedUp(counts[field.from](at), 'user', at),
            field,
          ),
        ],
  );
}

/** `profiles` (usr, u<k>): the first row of each user of the profile table. */
export function createProfilesSql(config: Config, { users }: Inputs): string[] {
  if (!users) return [];
  const fields = Object.values(config.features.user).flatMap((field, at) =>
    field.from === 'users' ? [`${text(users, field.column)} AS u${at}`] : [],
  );
  const id = text(users, config.data.users!.user);
  return [
    `CREATE TABLE profiles AS SELECT u.usr, x.* FROM (
      SELECT ${[`${id} AS user_id`, ...fields].join(', ')}, row_number() OVER (PARTITION BY ${id} ORDER BY rowid) AS place
      FROM ${users.table}) x JOIN user_rows u ON u.user_id = x.user_id WHERE x.place = 1`,
  ];
}

/** `user_profiles` (usr, u<k>): the table row of each field of the profile table, for every user. */
export function createUserProfilesSql(config: Config): string[] {
  const fields = profileFields(config).map(({ name, at, field }) => ({
    at,
    ...lookUp({ name, buckets: field.buckets }, vocabularyTable('user', at), `v${at}`, `p.u${at}`),
  }));
  if (fields.length === 0) return [];
  const columns = ['u.usr', ...fields.map(({ at, index }) => `${index} AS u${at}`)];
  const joins = ['LEFT JOIN profiles p ON p.usr = u.usr', ...fields.map(({ join }) => join)];
  return [`CREATE TABLE user_profiles AS SELECT ${columns.join(', ')} FROM user_rows u ${joins.join(' ')}`];
}

/** The fields that the profile table has, with their position among the user fields. */
export const profileFields = ({ features }: Config) =>
  Object.entries(features.user)
    .map(([name, field], at) => ({ name, field, at }))
    .filter(({ field }) => field.from === 'users');

/** `request_users` (request, u<k>): the table row of each user field at the request. */
export function createRequestUsersSql(config: Config): string {
  const joins: string[] = [];
  const columns = Object.entries(config.features.user).map(([name, field], at) => {
    if (field.from === 'lastEvent') return `coalesce(c.u${at}, 0) AS u${at}`;
    const value = field.from === 'users' ? `p.u${at}` : `r.u${at}`;
    const { join, index } = lookUp(
      { name, buckets: field.buckets },
      vocabularyTable('user', at),
      `v${at}`,
      value,
    );
    joins.push(join);
    return `${index} AS u${at}`;
  });
  if (lastEventFields(config).length > 0) {
    joins.unshift('LEFT JOIN contexts c ON c.context = r.context');
  }
  if (Object.values(config.features.user).some(({ from }) => from === 'users')) {
    joins.unshift('LEFT JOIN profiles p ON p.usr = r.usr');
  }
  return `CREATE TABLE request_users AS SELECT ${['r.request', ...columns].join(', ')} FROM request_rows r ${joins.join(' ')}`;
}
