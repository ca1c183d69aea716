/** Requests and samples: who was asked what, when, and how much of the log had happened by then. */
import type { Config, SampleSource, TaskConfig } from '../config/schema.js';
import { entityTable, tasksJudging } from './entities.js';
import { attributesOf, type Inputs, number, type SampleTable, text } from './items.js';
import { ONE, weightSql } from './labels/events-that-count.js';
import { hasColumn, hasQuery } from './request-columns.js';
import { filteredSql, type SplitBounds, splitSql } from './split-requests.js';

/** User fields that are a column of the request, with their position among the user fields. */
function requestFields(config: Config) {
  return Object.entries(config.features.user)
    .map(([name, field], at) => ({ name, field, at }))
    .filter(({ field }) => field.from === 'request');
}

/**
 * `asked_all`: every sample of every task (task, ord, usr, request_id, time_us, candidate_id, label, weight, u<k>
 * of fields of the request, filtered, rejected). A request id that stands for two users or times is rejected.
 */
export function createAskedSql(
  config: Config,
  { samples }: Inputs,
  bounds: SplitBounds,
  trainFromUs: Readonly<Record<string, bigint | null>>,
): string[] {
  const fields = requestFields(config);
  const parts = Object.entries(samples).map(([task, table], taskNumber) => {
    const source: SampleSource = config.tasks[task]!.samples;
    const columns = [
      `${taskNumber} AS task`,
      's.rowid AS ord',
      'u.usr',
      `${source.request === undefined ? 'CAST(NULL AS VARCHAR)' : `s.${text(table, source.request)}`} AS request_id`,
      's.time_us',
      `${source.candidate === undefined ? 'CAST(NULL AS VARCHAR)' : `s.${text(table, source.candidate)}`} AS candidate_id`,
      `${table.derived ? 's.label' : `s.${number(table, source.label)}`} AS label`,
      `${weight(table, source)} AS weight`,
      ...fields.map(({ field, at }) =>
        hasColumn(config, task, field)
          ? `s.${text(table, field.column)} AS u${at}`
          : `CAST(NULL AS VARCHAR) AS u${at}`,
      ),
      `${hasQuery(config, task) ? `s.${text(table, config.features.query!.column)}` : 'CAST(NULL AS VARCHAR)'} AS query`,
      `${filteredSql(bounds, trainFromUs[task] ?? null, table.derived)} AS filtered`,
    ];
    return `SELECT ${columns.join(', ')} FROM ${table.table} s LEFT JOIN user_rows u ON u.user_id = s.${text(table, source.user)}`;
  });
  const none = `SELECT 0 AS task, 0 AS ord, 0 AS usr, '' AS request_id, 0 AS time_us, '' AS candidate_id,
    CAST(0 AS DOUBLE) AS label, ${ONE} AS weight${fields.map(({ at }) => `, '' AS u${at}`).join('')}, '' AS query, '' AS filtered WHERE false`;
  return [
    `CREATE TABLE asked_all AS ${parts.length > 0 ? parts.join(' UNION ALL ') : none}`,
    `CREATE TABLE torn_requests AS SELECT request_id FROM asked_all
      WHERE request_id IS NOT NULL AND filtered IS NULL GROUP BY request_id
      HAVING min(usr) <> max(usr) OR min(time_us) <> max(time_us)`,
  ];
}

/** The weight of a row: its own, by its columns, and that of its derived label. */
function weight(table: SampleTable, source: SampleSource): string {
  const own = source.weight === undefined ? [] : [`coalesce(s.${number(table, source.weight)}, ${ONE})`];
  const byColumn = weightSql(source.weightBy, (column) => `s.${text(table, column)}`);
  return [...own, byColumn, ...(table.derived ? ['s.weight'] : [])].join(' * ');
}

/** Number of classes: labels of a task are 0 .. classes - 1. */
export const classesOf = (task: TaskConfig): number => (task.kind === 'multiclass' ? task.classes : 2);

/** Why samples of a torn request are rejected. */
export const TORN = 'request id of two users or times';

/** What is wrong with a sample of `asked_all a`, NULL for a sound one. */
export function rejectedSampleSql({ tasks }: Config): string {
  const labels = Object.values(tasks).map((task, number) => {
    const classes = classesOf(task);
    const expected = task.kind === 'binary' ? '0 or 1' : `an integer from 0 to ${classes - 1}`;
    const wrong = `a.label < 0 OR a.label >= ${classes} OR a.label <> floor(a.label)`;
    return `WHEN a.task = ${number} AND (${wrong}) THEN 'label is not ${expected}'`;
  });
  return `CASE ${labels.join(' ')}
    WHEN a.weight < 0 THEN 'weight is negative'
    WHEN a.request_id IN (SELECT request_id FROM torn_requests) THEN '${TORN}' END`;
}

/** What makes a request: its id, or without one its user, time and query. */
const REQUEST = 'request_id, usr, time_us, query_key';

/** A column of the first sample of a request, among those of the tasks that have it. */
function firstOf(column: string, having: readonly number[], tasks: number): string {
  if (having.length === tasks || having.length === 0) return column;
  return `first_value(${column}) OVER (PARTITION BY ${REQUEST}
    ORDER BY task IN (${having.join(', ')}) DESC, task, ord) AS ${column}`;
}

/** `request_keys` (request, request_id, usr, user_id, time_us, split, u<k> as text of fields of the request). */
export function createRequestKeysSql(config: Config, bounds: SplitBounds): string[] {
  const tasks = Object.keys(config.tasks);
  const fields = requestFields(config).map(({ field, at }) => {
    const having = tasks.flatMap((task, number) => (hasColumn(config, task, field) ? [number] : []));
    return firstOf(`u${at}`, having, tasks.length);
  });
  const query = firstOf(
    'query',
    tasks.flatMap((task, number) => (hasQuery(config, task) ? [number] : [])),
    tasks.length,
  );
  const columns = [REQUEST, ...fields, query].join(', ');
  // Where nothing else is known of a request, all of its samples say the same.
  const rows =
    fields.length === 0 && !config.features.query
      ? `SELECT DISTINCT ${columns} FROM asked`
      : `SELECT * EXCLUDE (place) FROM (SELECT ${columns},
          row_number() OVER (PARTITION BY ${REQUEST} ORDER BY task, ord) AS place FROM asked) numbered
        WHERE place = 1`;
  return [
    // Without an id, the query is a part of what a request is.
    `CREATE VIEW asked AS SELECT a.*, CASE WHEN a.request_id IS NULL THEN a.query END AS query_key FROM asked_all a WHERE a.filtered IS NULL AND (${rejectedSampleSql(config)}) IS NULL`,
    `CREATE TABLE request_keys AS
      SELECT CAST(row_number() OVER (ORDER BY split, time_us, usr, request_id NULLS FIRST, query_key NULLS FIRST) - 1 AS INTEGER) AS request, *
      FROM (SELECT *, ${splitSql(bounds)} AS split
        FROM (SELECT f.*, u.user_id FROM (${rows}) f LEFT JOIN user_rows u ON u.usr = f.usr) first_samples) parts`,
  ];
}

/** `request_rows`: the columns of `request_keys`, and ends and context of `request_places`. */
export const createRequestsSql =
  'CREATE TABLE request_rows AS SELECT r.*, p.ends, p.context FROM request_keys r JOIN request_places p USING (request)';

/**
 * `sample_rows` (task, ord, request, candidate, label, weight): candidates as item or entity rows, NULL without one. By task, request
 * and input order, which its rowid keeps: a scan of it needs no sort, and sorting what is joined to it by rowid is cheap.
 */
export function createSamplesSql(config: Config): string[] {
  const drifts = attributesOf(config).some(({ field }) => field.from === 'log');
  const columns = 's.task, s.ord, s.request';
  const of = (candidate: string) =>
    `FROM asked_requests s WHERE s.task IN (${tasksJudging(config, candidate)})`;
  const items = drifts
    ? `SELECT ${columns}, coalesce(m.latest, f.item) AS candidate, s.label, s.weight FROM (SELECT s.* ${of('item')}) s
       JOIN first_rows f ON f.item_id = s.candidate_id
       ASOF LEFT JOIN item_moments m ON m.item_id = s.candidate_id AND s.time_us > m.time_us`
    : `SELECT ${columns}, i.item AS candidate, s.label, s.weight FROM (SELECT s.* ${of('item')}) s
       LEFT JOIN item_rows i ON i.item_id = s.candidate_id`;
  const entities = Object.keys(config.entities).map(
    (name, number) => `SELECT ${columns}, e."row", s.label, s.weight FROM (SELECT s.* ${of(name)}) s
       JOIN ${entityTable(number)} e ON e.id = s.candidate_id`,
  );
  const alone = `SELECT ${columns}, CAST(NULL AS INTEGER), s.label, s.weight FROM asked_requests s
       WHERE s.candidate_id IS NULL`;
  return [
    ...(drifts ? createItemMomentsSql : []),
    // A table: as a view, each part of the union below would hold a hash table of all requests in memory at once.
    `CREATE TABLE asked_requests AS SELECT a.task, a.ord, a.time_us, a.candidate_id, a.label, a.weight, r.request
       FROM asked a LEFT JOIN request_rows r
       ON r.usr = a.usr AND r.time_us = a.time_us AND r.request_id IS NOT DISTINCT FROM a.request_id
         AND r.query_key IS NOT DISTINCT FROM a.query_key`,
    'DROP VIEW asked',
    'DROP TABLE asked_all',
    `CREATE TABLE sample_rows AS ${[items, ...entities, alone].join(' UNION ALL ')} ORDER BY task, request, ord`,
    'DROP TABLE asked_requests',
  ];
}

/** An item's row after the events of each moment, and its first row: of items that have several. */
const createItemMomentsSql: readonly string[] = [
  `CREATE TABLE drifting AS SELECT item_id FROM item_rows GROUP BY item_id HAVING count(*) > 1`,
  `CREATE TABLE item_moments AS
    SELECT i.item_id, e.time_us, arg_max(e.item, e.ord) AS latest, arg_min(e.item, e.ord) AS earliest
    FROM events e JOIN item_rows i ON i.item = e.item WHERE i.item_id IN (SELECT item_id FROM drifting)
    GROUP BY i.item_id, e.time_us`,
  `CREATE TABLE first_rows AS SELECT item_id, arg_min(earliest, time_us) AS item FROM item_moments GROUP BY item_id
    UNION ALL SELECT item_id, min(item) FROM item_rows WHERE item_id NOT IN (SELECT item_id FROM drifting) GROUP BY item_id`,
];

/** `item_counts` (item, events, samples): how often each row came up before the evaluation period. */
export function createItemCountsSql(config: Config, { evaluationFromUs }: SplitBounds): string {
  return `CREATE TABLE item_counts AS SELECT i.item, coalesce(e.n, 0) AS events, coalesce(s.n, 0) AS samples
    FROM item_rows i
    LEFT JOIN (SELECT item, count(*) AS n FROM events WHERE time_us < ${evaluationFromUs} GROUP BY item) e ON e.item = i.item
    LEFT JOIN (SELECT s.candidate AS item, count(*) AS n FROM sample_rows s LEFT JOIN request_rows r USING (request)
      WHERE r.split < 2 AND s.task IN (${tasksJudging(config, 'item')}) GROUP BY s.candidate) s ON s.item = i.item`;
}
