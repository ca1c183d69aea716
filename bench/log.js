/**
 * The logs of the benchmark: made once by DuckDB from hashes, so that the same size gives the same rows everywhere, and kept in a
 * folder. A user has 20 to 100 events (60 in the mean) of items whose popularity follows Zipf's law; a request shows 5 items.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { say } from './say.js';

/** Candidates of a request. */
export const SAMPLES_PER_REQUEST = 5;
/** Events of a user in the mean: any whole number from 20 to 100. */
export const MEAN_EVENTS = 60;
/** The last day is for evaluation, the one before for validation. */
export const DAYS = 28;
const FIRST_DAY = '2026-01-01';
export const EVALUATION_FROM = '2026-01-28';

const ITEMS = 200_000;
const SHOPS = 20_000;
const BRANDS = 10_000;
const CATEGORIES = 1_000;
const TAGS = 5_000;
const TAGS_PER_ITEM = 3;

/** Draws in [0, 1) from whole numbers. */
const uniform = (...values) => `((hash(${values.join(', ')}, 7) >> 11) / ${2 ** 53}.0)`;
const below = (number, ...values) => `CAST(floor(${number} * ${uniform(...values)}) AS INTEGER)`;
/** An item: the chance of the one of rank r is about proportional to 1 / r (Zipf's law). */
const item = (...values) => `CAST(floor(power(${ITEMS}, ${uniform(...values)})) - 1 AS INTEGER)`;
const oneOf = (names, ...values) =>
  `['${names.join("', '")}'][1 + CAST(floor(${names.length} * power(${uniform(...values)}, 2)) AS INTEGER)]`;
const seconds = (fromDay, toDay, ...values) =>
  `TIMESTAMP '${FIRST_DAY}' + to_seconds(${86_400 * fromDay} + CAST(floor(${86_400 * (toDay - fromDay)} * ${uniform(...values)}) AS BIGINT))`;

/** Requests lie after all events of their user, so that the histories of training are 20 to 100 long. */
const EVENTS_END = 21;

function tables({ users, requestsPerUser, requestsAmongEvents }) {
  const eventDays = requestsAmongEvents ? DAYS : EVENTS_END;
  const requestDays = requestsAmongEvents ? 0 : EVENTS_END;
  return {
    events: `SELECT 'u' || u AS user_id, ${seconds(0, eventDays, 'u', 'k', 1)} AS time,
        ${oneOf(['click', 'favorite', 'cart', 'buy'], 'u', 'k', 2)} AS behavior,
        ${oneOf(['recommendation', 'search', 'ad'], 'u', 'k', 3)} AS scenario, 'i' || ${item('u', 'k', 4)} AS item_id
      FROM (SELECT u, unnest(range(20 + ${below(81, 'u', 5)})) AS k FROM range(${users}) r(u))
      ORDER BY time, user_id, item_id, behavior, scenario`,
    impressions: `SELECT 'r' || r AS request_id, 'u' || (r % ${users}) AS user_id, ${seconds(requestDays, DAYS, 'r', 6)} AS time,
        'i' || item AS item_id, CASE WHEN ${uniform('r', 'p', 7)} < 0.05 + 0.3 * ${uniform('item', 8)} THEN 1 ELSE 0 END AS label
      FROM (SELECT r, p, ${item('r', 'p', 9)} AS item FROM range(${users * requestsPerUser}) q(r), range(${SAMPLES_PER_REQUEST}) s(p))
      ORDER BY time, r, p`,
    items: `SELECT 'i' || i AS item_id, 's' || ${below(SHOPS, 'i', 10)} AS shop, 'b' || ${below(BRANDS, 'i', 11)} AS brand,
        'c' || ${below(CATEGORIES, 'i', 12)} AS category,
        ${Array.from({ length: TAGS_PER_ITEM }, (_, at) => `'t' || ${below(TAGS, 'i', 13 + at)}`).join(" || '|' || ")} AS tags
      FROM range(${ITEMS}) r(i)`,
    users: `SELECT 'u' || u AS user_id, 'a' || ${below(8, 'u', 20)} AS age, 'g' || ${below(2, 'u', 21)} AS gender,
        'c' || ${below(50, 'u', 22)} AS city
      FROM range(${users}) r(u)`,
  };
}

/**
 * Makes the tables events, impressions, items and users as files of a format (csv, parquet) in `folder`, unless they are there.
 * @param {{users: number, requestsPerUser: number, requestsAmongEvents: boolean}} size
 */
export async function makeLog(folder, size, format) {
  const ready = join(folder, 'ready');
  if (existsSync(ready)) return;
  say(`making a log of about ${size.users * MEAN_EVENTS} events in ${folder} (once)`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const database = await DuckDBInstance.create(':memory:', {
    temp_directory: join(folder, 'spill'),
    memory_limit: '4GB',
  });
  const connection = await database.connect();
  try {
    for (const [name, sql] of Object.entries(tables(size))) {
      const options = format === 'csv' ? 'FORMAT csv, HEADER' : 'FORMAT parquet';
      await connection.run(`COPY (${sql}) TO '${join(folder, `${name}.${format}`)}' (${options})`);
    }
  } finally {
    connection.closeSync();
    database.closeSync();
  }
  rmSync(join(folder, 'spill'), { recursive: true, force: true });
  writeFileSync(ready, JSON.stringify(size));
}
