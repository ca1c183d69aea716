/**
 * Ranking features worked out of the log as of each request (docs/ranking-features.md): what had happened strictly
 * before it. Counts are differences of running totals, looked up at the request and at the start of each window.
 */

import { isOneOf } from '../../common/sql.js';
import type { Config, RankingConfig } from '../../config/schema.js';
import { type Inputs, number, text } from '../items.js';
import { joinLookupsSql, type Lookup } from './join-lookups.js';

/** A feature of the rows of `rank_features`. */
export interface ComputedFeature {
  readonly name: string;
  readonly sql: string;
}

/** Its name, by which the samples can bring it themselves. */
export const PREDICTED_CTR = 'predicted_ctr';

const DAY_US = 86_400_000_000n;
const HOUR_US = 3_600_000_000;
/** Windows of the counts, in days. */
const WINDOWS = [1, 3, 7] as const;
export const KINDS = ['click', 'favorite', 'cart', 'buy'] as const;
type Kind = (typeof KINDS)[number];

/** Item fields with features of their own, beside the item itself, where the config has them. */
const GROUPS = ['shop', 'brand', 'category'] as const;
type Key = 'item' | (typeof GROUPS)[number];

/** The keys that events are counted by, with the column of `item_rows`. */
function keysOf({ features }: Config): { readonly key: Key; readonly column: string }[] {
  const names = Object.keys(features.item);
  const groups = GROUPS.flatMap((key) =>
    names.includes(key) && features.item[key]!.separator === undefined
      ? [{ key, column: `a${names.indexOf(key)}` }]
      : [],
  );
  return [{ key: 'item', column: 'item_id' }, ...groups];
}

/** Tasks that rank items, whose features are computed. */
export function tasksWithComputedFeatures({ tasks, features }: Config): number[] {
  if (!features.ranking) return [];
  return Object.values(tasks).flatMap((task, at) =>
    task.kind === 'rank' && task.candidate === 'item' ? [at] : [],
  );
}

/**
 * `rank_features` (usr, time_us, item, and the columns that `computedFeatures` reads): one row for each user, moment and
 * item row that a task ranks. Needs `events`, `item_rows`, `request_rows` and `sample_rows`, and `rank_predictions` where
 * there are predictions.
 */
export function createComputedFeaturesSql(config: Config, inputs: Inputs): string[] {
  const tasks = tasksWithComputedFeatures(config);
  if (tasks.length === 0) return [];
  const ranking = config.features.ranking!;
  const keys = keysOf(config);
  const numbered = keys.map(
    ({ key, column }) =>
      `CASE WHEN ${column} IS NOT NULL THEN CAST(dense_rank() OVER (ORDER BY ${column}) AS INTEGER) END AS ${key}_key`,
  );
  const columns = keys.map(({ key }) => `i.${key}_key`).join(', ');
  return [
    // Keys as numbers: they are sorted and compared in great numbers.
    `CREATE TABLE rank_items AS SELECT item, item_id, ${numbered.join(', ')} FROM item_rows`,
    `CREATE TABLE rank_asked AS SELECT a.*, i.item_id, ${columns}
      FROM (SELECT DISTINCT r.usr, r.time_us, s.candidate AS item
        FROM sample_rows s LEFT JOIN request_rows r USING (request) WHERE s.task IN (${tasks.join(', ')})) a
      LEFT JOIN rank_items i ON i.item = a.item`,
    createEventsSql(ranking, inputs, columns, config),
    ...keys.flatMap(({ key }) => [...createCountsSql(key), ...createOwnCountsSql(key)]),
    ...createPricesSql(ranking, inputs, config),
    'DROP TABLE rank_events',
    ...joinLookupsSql('rank_asked', 'rank_features', lookups(ranking, keys)),
  ];
}

/** `rank_events`: the log with 0 or 1 for each kind of behaviour, the keys, and the logarithm of the price. */
function createEventsSql(ranking: RankingConfig, { log, items }: Inputs, columns: string, config: Config) {
  const { behavior, price, priceFrom, ...values } = ranking;
  const kinds = KINDS.map(
    (kind) =>
      `CAST(coalesce(${isOneOf(`l.${text(log, behavior)}`, values[kind])}, false) AS INTEGER) AS ${kind}`,
  );
  const value =
    price === undefined
      ? 'CAST(NULL AS DOUBLE)'
      : priceFrom === 'log'
        ? `l.${number(log, price)}`
        : `t.${number(items!, price)}`;
  const join =
    price !== undefined && priceFrom === 'items'
      ? `LEFT JOIN item_table t ON t.${text(items!, config.data.items!.item)} = i.item_id`
      : '';
  return `CREATE TABLE rank_events AS SELECT e.usr, e.time_us, e.ord, ${kinds.join(', ')}, ${columns},
      CASE WHEN ${value} > 0 THEN ln(${value}) END AS price
    FROM events e LEFT JOIN rank_items i ON i.item = e.item LEFT JOIN ${log.table} l ON l.rowid = e.ord ${join}`;
}

/** `rank_<key>` (key, time_us, <kind>_<days> of the windows): of the keys and moments that are asked. */
function createCountsSql(key: Key): string[] {
  const totals = KINDS.map((kind) => `CAST(sum(${kind}) OVER past AS INTEGER) AS ${kind}`).join(', ');
  const summed = KINDS.map((kind) => `sum(${kind}) AS ${kind}`).join(', ');
  const counts = WINDOWS.flatMap((days) =>
    KINDS.map((kind) => `coalesce(now.${kind}, 0) - coalesce(from_${days}.${kind}, 0) AS ${kind}_${days}`),
  );
  const joins = WINDOWS.map(
    (days) => `ASOF LEFT JOIN rank_totals_${key} from_${days}
      ON from_${days}.key = a.key AND a.time_us - ${BigInt(days) * DAY_US} > from_${days}.time_us`,
  );
  return [
    `CREATE TABLE rank_totals_${key} AS SELECT key, time_us, ${totals}
      FROM (SELECT ${key}_key AS key, time_us, ${summed} FROM rank_events WHERE ${key}_key IS NOT NULL GROUP BY ALL) moments
      WINDOW past AS (PARTITION BY key ORDER BY time_us)`,
    `CREATE TABLE rank_${key} AS SELECT a.key, a.time_us, ${counts.join(', ')}
      FROM (SELECT DISTINCT ${key}_key AS key, time_us FROM rank_asked WHERE ${key}_key IS NOT NULL) a
      ASOF LEFT JOIN rank_totals_${key} now ON now.key = a.key AND a.time_us > now.time_us
      ${joins.join(' ')}`,
    `DROP TABLE rank_totals_${key}`,
  ];
}

/** `rank_own_<key>` (usr, key, time_us, events: the user's own with the key, since: the latest): of those that are asked. */
function createOwnCountsSql(key: Key): string[] {
  return [
    `CREATE TABLE rank_own_totals_${key} AS SELECT usr, key, time_us,
        CAST(sum(n) OVER (PARTITION BY usr, key ORDER BY time_us) AS INTEGER) AS events
      FROM (SELECT usr, ${key}_key AS key, time_us, count(*) AS n FROM rank_events
        WHERE ${key}_key IS NOT NULL AND usr IN (SELECT usr FROM rank_asked) GROUP BY ALL) moments`,
    `CREATE TABLE rank_own_${key} AS SELECT a.*, coalesce(own.events, 0) AS events, a.time_us - own.time_us AS since
      FROM (SELECT DISTINCT usr, ${key}_key AS key, time_us FROM rank_asked WHERE ${key}_key IS NOT NULL) a
      ASOF LEFT JOIN rank_own_totals_${key} own ON own.usr = a.usr AND own.key = a.key AND a.time_us > own.time_us`,
    `DROP TABLE rank_own_totals_${key}`,
  ];
}

/**
 * `rank_<of>_prices` (key, time_us, and the running mean of the price's logarithm) by user and by category, and `rank_prices`
 * (key, time_us, price) of items, each for the keys and moments that are asked. The price of the items table has no time.
 */
function createPricesSql({ price, priceFrom }: RankingConfig, { items }: Inputs, config: Config): string[] {
  if (price === undefined) return [];
  const at = (table: string, key: string, value: string, totals: string) => [
    `CREATE TABLE ${table} AS SELECT a.*, found.${value}
      FROM (SELECT DISTINCT ${key} AS key, time_us FROM rank_asked WHERE ${key} IS NOT NULL) a
      ASOF LEFT JOIN (${totals}) found ON found.key = a.key AND a.time_us > found.time_us`,
  ];
  const mean = (table: string, key: string) =>
    at(
      table,
      key,
      'mean',
      `SELECT key, time_us, sum(total) OVER past / sum(n) OVER past AS mean
        FROM (SELECT ${key} AS key, time_us, sum(price) AS total, count(*) AS n FROM rank_events
          WHERE price IS NOT NULL AND ${key} IS NOT NULL GROUP BY ALL) moments
        WINDOW past AS (PARTITION BY key ORDER BY time_us)`,
    );
  const ofItems =
    priceFrom === 'log'
      ? at(
          'rank_prices',
          'item_key',
          'price',
          `SELECT item_key AS key, time_us, arg_max(price, ord) AS price FROM rank_events WHERE price IS NOT NULL GROUP BY ALL`,
        )
      : [
          `CREATE TABLE rank_prices AS SELECT i.item_key AS key, ln(${number(items!, price)}) AS price
            FROM (SELECT DISTINCT item_id, item_key FROM rank_items) i
            JOIN item_table t ON t.${text(items!, config.data.items!.item)} = i.item_id WHERE ${number(items!, price)} > 0`,
        ];
  return [
    ...ofItems,
    ...mean('rank_user_prices', 'usr'),
    ...(keysOf(config).some(({ key }) => key === 'category')
      ? mean('rank_category_prices', 'category_key')
      : []),
  ];
}

/** What is looked up for the rows of `rank_asked`. */
function lookups(ranking: RankingConfig, keys: readonly { readonly key: Key }[]): Lookup[] {
  const moment = (table: string) => `${table}.time_us = a.time_us`;
  const found: Lookup[] = [];
  if (ranking.price !== undefined) {
    const hasCategory = keys.some(({ key }) => key === 'category');
    found.push({
      columns: [
        'rank_prices.price',
        'rank_user_prices.mean AS user_price',
        ...(hasCategory ? ['rank_category_prices.mean AS category_price'] : []),
      ],
      tables: {
        rank_prices: `rank_prices.key = a.item_key${ranking.priceFrom === 'log' ? ` AND ${moment('rank_prices')}` : ''}`,
        rank_user_prices: `rank_user_prices.key = a.usr AND ${moment('rank_user_prices')}`,
        ...(hasCategory && {
          rank_category_prices: `rank_category_prices.key = a.category_key AND ${moment('rank_category_prices')}`,
        }),
      },
    });
  }
  if (ranking.predictedCtr) {
    const table = 'rank_predictions';
    const condition = `${table}.usr = a.usr AND ${moment(table)} AND ${table}.item_id = a.item_id`;
    found.push({ columns: [`${table}.prediction`], tables: { [table]: condition } });
  }
  for (const { key } of keys) {
    const counts = KINDS.flatMap((kind) => WINDOWS.map((days) => `${kind}_${days}`));
    const [counted, own] = [`rank_${key}`, `rank_own_${key}`];
    found.push({
      columns: [
        ...counts.map((count) => `${counted}.${count} AS ${key}_${count}`),
        `${own}.events AS own_${key}`,
        `${own}.since AS since_${key}`,
      ],
      tables: {
        [counted]: `${counted}.key = a.${key}_key AND ${moment(counted)}`,
        [own]: `${own}.usr = a.usr AND ${own}.key = a.${key}_key AND ${moment(own)}`,
      },
    });
  }
  return found;
}

/** Of a conversion rate: as if every item began with one purchase in twenty clicks. */
const PRIOR_BUYS = 1;
const PRIOR_CLICKS = 20;

/** Without what the rounding of means leaves of a difference of 0. */
const rounded = (sql: string) => `round(${sql}, 9)`;

/** The features of this config, as expressions over `rank_features f` and the items table `t`, which `rating` is read from. */
export function computedFeatures(config: Config, { items }: Inputs): ComputedFeature[] {
  const ranking = config.features.ranking!;
  const has = (wanted: Key) => keysOf(config).some(({ key }) => key === wanted);
  const log1p = (name: string, column: string): ComputedFeature => ({ name, sql: `ln(1 + f.${column})` });
  const count = (key: Key, kind: Kind, days: number) =>
    log1p(`${key}_${kind}s_${days}d`, `${key}_${kind}_${days}`);
  const conversion = (key: Key): ComputedFeature => ({
    name: `${key}_conversion_7d`,
    sql: `(f.${key}_buy_7 + ${PRIOR_BUYS}.0) / (f.${key}_click_7 + ${PRIOR_CLICKS}.0)`,
  });
  const when = (condition: boolean, ...features: ComputedFeature[]) => (condition ? features : []);
  const priced = ranking.price !== undefined;
  return [
    ...when(ranking.rating !== undefined, {
      name: 'rating',
      sql: ranking.rating === undefined ? '' : `t.${number(items!, ranking.rating)}`,
    }),
    ...WINDOWS.map((days) => count('item', 'click', days)),
    ...WINDOWS.map((days) => count('item', 'buy', days)),
    count('item', 'cart', 7),
    count('item', 'favorite', 7),
    conversion('item'),
    ...when(has('shop'), count('shop', 'click', 7), count('shop', 'buy', 7), conversion('shop')),
    ...when(has('brand'), count('brand', 'click', 7)),
    ...when(has('category'), count('category', 'click', 7), count('category', 'buy', 7)),
    ...when(priced, { name: 'price', sql: 'f.price' }),
    ...when(priced && has('category'), {
      name: 'price_in_category',
      sql: rounded('f.price - f.category_price'),
    }),
    ...when(priced, { name: 'price_fit', sql: rounded('-abs(f.price - f.user_price)') }),
    ...(['item', ...GROUPS] as const).flatMap((key) => when(has(key), log1p(`user_${key}`, `own_${key}`))),
    ...when(has('category'), {
      name: 'user_category_recency',
      sql: `ln(1 + f.since_category / ${HOUR_US}.0)`,
    }),
    ...when(ranking.predictedCtr !== undefined, { name: PREDICTED_CTR, sql: 'f.prediction' }),
  ];
}

/** Joins the rows of `sample_rows s` and `request_rows r` to what `computedFeatures` reads. */
export function joinComputedFeatures(config: Config, { items }: Inputs): string {
  const rating =
    config.features.ranking!.rating === undefined
      ? ''
      : `LEFT JOIN item_table t ON t.${text(items!, config.data.items!.item)} = f.item_id`;
  return `JOIN rank_features f ON f.usr = r.usr AND f.time_us = r.time_us AND f.item = s.candidate ${rating}`;
}
