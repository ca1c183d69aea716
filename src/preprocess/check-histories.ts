/** Whether the requests know anything of their users: ids that are written in another way in the samples than in the log join to nothing. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from '../common/context.js';
import { rowsOf } from '../common/database.js';

/** Warns where no request has an event of its user before it, with an id of either side. */
export async function checkHistories(connection: DuckDBConnection, logger: Logger): Promise<void> {
  const [counted] = await rowsOf<[bigint, bigint, string | null]>(
    connection,
    'SELECT count(*), count(*) FILTER (ends > 0), min(user_id) FROM request_rows',
  );
  const [requests, withEvents, asked] = counted!;
  if (requests === 0n || withEvents > 0n) return;
  const [ofLog] = await rowsOf<[string | null]>(
    connection,
    'SELECT min(user_id) FROM user_rows WHERE usr IN (SELECT usr FROM events)',
  );
  const known = ofLog![0];
  logger.warn(
    { requests: Number(requests), userOfRequest: asked, userOfLog: known },
    `no request has an event of its user before it: the users of samples are such as ${JSON.stringify(asked)}, those of the log such as ` +
      `${JSON.stringify(known)}; are their ids and times written alike (data.wholeNumbers, data.timeZone)?`,
  );
}
