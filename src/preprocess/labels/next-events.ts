/** Labels that the next event of a user decides: its level. */
import type { TaskConfig } from '../../config/schema.js';
import { type SampleTable, text } from '../items.js';
import { ONE, targetsTable } from './events-that-count.js';
import { levelSql } from './levels.js';
import { placesTable, windowUs } from './placement.js';

/** The first target of each user at each moment, as a table in brackets: the next one of a request is one row of it. */
function firstTargets(taskNumber: number): string {
  return `(SELECT user_id, time_us, arg_min_null(value, ord) AS value, arg_min_null(kin, ord) AS kin
    FROM ${targetsTable(taskNumber)} GROUP BY user_id, time_us)`;
}

/** The rows of a table with the level of the next event, NULL where none is near enough. */
export function createLabelledLevelsSql(
  given: SampleTable,
  task: TaskConfig,
  taskNumber: number,
  table: string,
): string {
  const { join, level } = levelSql('n.value', 'n.kin', taskNumber);
  const until = `s.time_us + ${windowUs(task)}`;
  return `CREATE TABLE ${table} AS
    SELECT s.* EXCLUDE (ord), CASE WHEN n.time_us < ${until} THEN ${level} END AS label, ${ONE} AS weight, ${until} AS until_us
    FROM (SELECT *, rowid AS ord FROM ${given.table}) s ASOF LEFT JOIN ${firstTargets(taskNumber)} n
      ON n.user_id = s.${text(given, task.samples.user)} AND s.time_us <= n.time_us ${join}
    ORDER BY s.ord`;
}

/** The requests in the log that such an event follows, with its level. */
export function createLevelSamplesSql(task: TaskConfig, taskNumber: number, table: string): string {
  const { join, level } = levelSql('n.value', 'n.kin', taskNumber);
  const until = `r.time_us + ${windowUs(task)}`;
  return `CREATE TABLE ${table} AS
    SELECT r.user_id AS t0, r.time_us, ${level} AS label, ${ONE} AS weight, ${until} AS until_us
    FROM ${placesTable(taskNumber)} r ASOF JOIN ${firstTargets(taskNumber)} n
      ON n.user_id = r.user_id AND r.time_us <= n.time_us ${join}
    WHERE n.time_us < ${until} ORDER BY r.time_us, r.user_id`;
}
