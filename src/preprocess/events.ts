/** Users, and the events of the log with everything about them as numbers. */
import type { Config } from '../config/schema.js';
import type { ZoneOffset } from '../features/local-time.js';
import { joinContexts } from './contexts.js';
import { type Inputs, joinItems, text } from './items.js';

/**
 * `user_rows` (usr, user_id): everyone with an event, a request or a profile, in byte order of the id; after those of an earlier
 * preparation (`carried_users`), who keep their numbers.
 */
export function createUsersSql(config: Config, { log, users, samples }: Inputs): string {
  const ids = [
    `SELECT ${text(log, config.data.log.user)} AS user_id FROM ${log.table}`,
    ...(users ? [`SELECT ${text(users, config.data.users!.user)} FROM ${users.table}`] : []),
    ...Object.entries(samples).map(
      ([task, table]) => `SELECT ${text(table, config.tasks[task]!.samples.user)} FROM ${table.table}`,
    ),
  ];
  return `CREATE TABLE user_rows AS
    SELECT CAST(row_number() OVER (ORDER BY user_id) - 1 + (SELECT count(*) FROM carried_users) AS INTEGER) AS usr, user_id
    FROM (SELECT DISTINCT user_id FROM (${ids.join(' UNION ALL ')}) mentioned) known
    WHERE user_id NOT IN (SELECT user_id FROM carried_users)
    UNION ALL SELECT usr, user_id FROM carried_users`;
}

/**
 * `events` (usr, time_us, ord: input order, item, context). Each event finds its rows; as inner joins DuckDB, which takes the
 * few contexts for a filter, would hash the log and not the users and items.
 */
export function createEventsSql(config: Config, { log }: Inputs, offsets: readonly ZoneOffset[]): string {
  return `CREATE TABLE events AS
    SELECT u.usr, l.time_us, l.rowid AS ord, item_rows.item, c.context
    FROM ${log.table} l
    LEFT JOIN user_rows u ON u.user_id = l.${text(log, config.data.log.user)}
    LEFT ${joinItems(config, log, 'l')}
    ${joinContexts(config, log, offsets, 'l')}`;
}
