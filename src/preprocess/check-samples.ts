/** Whether too many samples were lost once the tables were put together. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from '../common/context.js';
import { rowsOf } from '../common/database.js';
import { UserError } from '../common/errors.js';
import type { RowCounts } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import { describeCounts, percent } from './read/reject-report.js';
import { isoOf } from './read-inputs.js';
import { TORN } from './requests.js';

/**
 * Warns of rejected samples.
 * @throws UserError where they are more than data.maxRejectRatio of a table
 */
export async function checkSamples(
  connection: DuckDBConnection,
  { tasks, data }: Config,
  rows: Readonly<Record<string, RowCounts>>,
  logger: Logger,
): Promise<void> {
  for (const [number, task] of Object.keys(tasks).entries()) {
    const table = `samples/${task}`;
    const { read, rejected, rejectedBy } = rows[table]!;
    if (rejected === 0) continue;
    const lost = describeCounts(rejectedBy);
    const torn = TORN in rejectedBy ? await describeTorn(connection, Object.keys(tasks), number) : '';
    if (rejected <= data.maxRejectRatio * read) {
      logger.warn({ table, rejected, rejectedBy }, `samples of ${task} left out: ${lost}${torn}`);
      continue;
    }
    throw new UserError(
      `Cannot prepare the samples of \`${task}\`: required at most ${percent(data.maxRejectRatio)} rejected rows ` +
        `(data.maxRejectRatio), got ${percent(rejected / read)}, ${rejected} of ${read}: ${lost}${torn}`,
    );
  }
}

/** The first of the ids that stand for several users or times, where it stands, and what to do. */
async function describeTorn(
  connection: DuckDBConnection,
  tasks: readonly string[],
  task: number,
): Promise<string> {
  const places = await rowsOf<[string, number, string, bigint]>(
    connection,
    `SELECT * FROM (SELECT DISTINCT request_id, task, user_id, time_us FROM asked_all JOIN user_rows USING (usr)
     WHERE filtered IS NULL AND request_id = (SELECT min(a.request_id) FROM asked_all a JOIN torn_requests USING (request_id)
       WHERE a.task = ${task} AND a.filtered IS NULL)
) places
     ORDER BY task <> ${task}, task, time_us, user_id LIMIT 3`,
  );
  const [sharing] = await rowsOf<[{ readonly items: readonly number[] }]>(
    connection,
    `SELECT list_sort(list(DISTINCT b.task)) FROM asked_all a JOIN torn_requests USING (request_id)
       JOIN asked_all b ON b.request_id = a.request_id AND b.filtered IS NULL
     WHERE a.task = ${task} AND a.filtered IS NULL`,
  );
  const named = sharing![0].items.map((number) => `samples/${tasks[number]!}`).join(', ');
  const shown = places.map(
    ([, number, user, time]) => `user ${user} at ${isoOf(time)} in samples/${tasks[number]!}`,
  );
  return (
    `. The request id ${places[0]![0]} is that of ${shown.join(', of ')}; a request has one user and one time, over all tables ` +
    `that use its id (${named}). Give each request an id of its own (prefix those of each table), or name no \`request\` in samples`
  );
}
