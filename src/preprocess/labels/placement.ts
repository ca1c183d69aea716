/** Where requests are placed in the log, for tasks without a table of samples. */
import { secondsOf } from '../../config/durations.js';
import type { Config, TaskConfig } from '../../config/schema.js';
import type { ZoneOffset } from '../../features/local-time.js';
import { type Inputs, text } from '../items.js';
import type { SplitBounds } from '../split-requests.js';
import { targetsTable } from './events-that-count.js';
import { localDayStarts } from './local-day-starts.js';

export const placesTable = (task: number): string => `label_requests_${task}`;

/** The time that a label looks at, in microseconds from the request on; at an event itself, its very moment. */
export function windowUs({ labels }: TaskConfig): bigint {
  return labels?.within === undefined ? 1n : BigInt(secondsOf(labels.within)) * 1_000_000n;
}

/** `label_requests_<n>` (user_id, time_us), each once, in order of time and user. */
export function createPlacesSql(
  config: Config,
  inputs: Inputs,
  task: TaskConfig,
  taskNumber: number,
  period: { readonly firstUs: bigint; readonly lastUs: bigint; readonly offsets: readonly ZoneOffset[] },
  { updateFromUs }: SplitBounds,
): string {
  const { log } = inputs;
  const user = `l.${text(log, config.data.log.user)}`;
  const { requests, sessionGap } = task.labels!;
  const select = () => {
    switch (requests!) {
      case 'sessionStart':
        return `SELECT user_id, time_us FROM (
            SELECT ${user} AS user_id, l.time_us, lag(l.time_us) OVER (PARTITION BY ${user} ORDER BY l.time_us) AS previous
            FROM ${log.table} l) ordered
          WHERE previous IS NULL OR time_us - previous > ${BigInt(secondsOf(sessionGap)) * 1_000_000n}`;
      case 'dayStart': {
        const starts = localDayStarts(period).map((us) => `(${us})`);
        return `SELECT DISTINCT user_id, day_us AS time_us
          FROM (SELECT ${user} AS user_id, l.time_us FROM ${log.table} l) l
          ASOF JOIN (SELECT CAST(col0 AS BIGINT) AS day_us FROM (VALUES ${starts.join(', ')}) days(col0)) days
            ON l.time_us >= days.day_us`;
      }
      case 'positive':
        return `SELECT DISTINCT user_id, time_us FROM ${targetsTable(taskNumber)}`;
    }
  };
  // What was decided before an update came with an earlier preparation.
  const due = updateFromUs === null ? '' : `WHERE time_us + ${windowUs(task)} > ${updateFromUs}`;
  return `CREATE TABLE ${placesTable(taskNumber)} AS SELECT * FROM (${select()}) places ${due} ORDER BY time_us, user_id`;
}
