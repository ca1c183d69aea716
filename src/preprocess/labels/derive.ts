/**
 * Tables of samples out of the log (docs/labels.md): labels for the rows of a table that has none, or requests placed
 * in the log with their positives, negatives and levels. What comes out is read like any other table of samples.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf } from '../../common/database.js';
import type { RowCounts } from '../../common/prepared.js';
import type { Config, SampleSource, TaskConfig } from '../../config/schema.js';
import type { ZoneOffset } from '../../features/local-time.js';
import { type Inputs, type SampleTable, text } from '../items.js';
import type { TableSpec } from '../read/table-spec.js';
import type { SplitBounds } from '../requests.js';
import { createTargetsSql, ONE, targetsTable } from './events-that-count.js';
import { isPlacedInLog } from './label-columns.js';
import { createLevelsSql, levelSql } from './levels.js';
import { createNegativesSql, negativeRateSql } from './negatives.js';
import { createPlacesSql, placesTable, windowUs } from './placement.js';

export interface Derived {
  readonly inputs: Inputs;
  /** samples/<task> -> rows, of the tasks without a table. */
  readonly rows: Readonly<Record<string, RowCounts>>;
  /** Task -> share of the possible negatives that was drawn, of those with drawn negatives. */
  readonly negativeRates: Readonly<Record<string, number>>;
}

interface Period {
  readonly firstUs: bigint;
  readonly lastUs: bigint;
  readonly offsets: readonly ZoneOffset[];
}

/** Needs `item_table`; works through the tasks that have `labels`. */
export async function deriveSamples(
  connection: DuckDBConnection,
  config: Config,
  inputs: Inputs,
  bounds: SplitBounds,
  period: Period,
): Promise<Derived> {
  const samples: Record<string, SampleTable> = {};
  const rows: Record<string, RowCounts> = {};
  const negativeRates: Record<string, number> = {};
  for (const [taskNumber, [name, task]] of Object.entries(config.tasks).entries()) {
    const given = inputs.samples[name];
    if (!task.labels) {
      samples[name] = given!;
      continue;
    }
    const table = `derived_${taskNumber}`;
    const run = async (...statements: string[]) => {
      for (const sql of statements) await connection.run(sql);
    };
    await run(createTargetsSql(config, inputs, task, taskNumber));
    if (task.kind === 'multiclass') {
      await run(createLevelsSql(taskNumber, task.classes, task.labels.level, bounds));
    }
    if (!isPlacedInLog(task)) {
      await run(labelledSql(given!, task, taskNumber, table));
      samples[name] = { ...given!, table, derived: true };
      continue;
    }
    await run(createPlacesSql(config, inputs, task, taskNumber, period));
    if (task.kind === 'multiclass') {
      await run(levelSamplesSql(task, taskNumber, table));
    } else {
      await run(positivesSql(task, taskNumber));
      const { negatives } = task.labels;
      if (negatives) {
        const asked = { task: name, taskNumber, candidate: task.candidate };
        await run(...createNegativesSql(config, inputs, asked, negatives, bounds));
        negativeRates[name] = await numberOf(connection, negativeRateSql(taskNumber, bounds));
      }
      await run(candidateSamplesSql(task, taskNumber, table, negatives !== undefined));
    }
    samples[name] = { spec: specOf(name, task), table, derived: true };
    const count = await numberOf(connection, `SELECT count(*) FROM ${table}`);
    rows[`samples/${name}`] = {
      read: count,
      kept: count,
      rejected: 0,
      filtered: 0,
      rejectedBy: {},
      filteredBy: {},
    };
  }
  return { inputs: { ...inputs, samples }, rows, negativeRates };
}

/** The columns t0 and t1 of a derived table. */
function specOf(name: string, { samples }: TaskConfig): TableSpec {
  const { user, candidate }: SampleSource = samples;
  return {
    name: `samples/${name}`,
    source: samples,
    text: candidate === undefined ? [user] : [user, candidate],
    numbers: [],
    separators: {},
    required: [],
  };
}

/** The rows of a table with the labels that the log gives them. */
function labelledSql(given: SampleTable, task: TaskConfig, taskNumber: number, table: string): string {
  const source: SampleSource = task.samples;
  const span = windowUs(task);
  const inWindow = `t.user_id = s.${text(given, source.user)} AND t.time_us >= s.time_us AND t.time_us < s.time_us + ${span}`;
  const rows = `SELECT *, rowid AS ord FROM ${given.table}`;
  const until = `s.time_us + ${span} AS until_us`;
  if (task.kind === 'multiclass') {
    const { join, level } = levelSql('n.value', 'n.kin', taskNumber);
    return `CREATE TABLE ${table} AS
      SELECT s.* EXCLUDE (ord), CASE WHEN n.time_us < s.time_us + ${span} THEN ${level} END AS label, ${ONE} AS weight, ${until}
      FROM (${rows}) s ASOF LEFT JOIN ${firstTargets(taskNumber)} n
        ON n.user_id = s.${text(given, source.user)} AND s.time_us <= n.time_us ${join}
      ORDER BY s.ord`;
  }
  return `CREATE TABLE ${table} AS
    SELECT s.* EXCLUDE (ord), CASE WHEN found.ord IS NULL THEN 0 ELSE 1 END AS label, coalesce(found.weight, ${ONE}) AS weight, ${until}
    FROM (${rows}) s LEFT JOIN (
      SELECT s.ord, max(t.weight) AS weight FROM (${rows}) s JOIN ${targetsTable(taskNumber)} t
        ON ${inWindow} AND t.candidate = s.${text(given, source.candidate!)} GROUP BY s.ord) found ON found.ord = s.ord
    ORDER BY s.ord`;
}

/** The first target of each user at each moment, as a table in brackets: the next one of a request is one row of it. */
function firstTargets(taskNumber: number): string {
  return `(SELECT user_id, time_us, arg_min_null(value, ord) AS value, arg_min_null(kin, ord) AS kin
    FROM ${targetsTable(taskNumber)} GROUP BY user_id, time_us)`;
}

/** Requests of `label_requests_<n> r` and the events `t` that each can see. */
function seen(task: TaskConfig, taskNumber: number): string {
  return `${placesTable(taskNumber)} r JOIN ${targetsTable(taskNumber)} t
    ON t.user_id = r.user_id AND t.time_us >= r.time_us AND t.time_us < r.time_us + ${windowUs(task)}`;
}

/** `label_positives_<n>` (user_id, request_us, candidate, weight, kin: what a negative has in common with it). */
function positivesSql(task: TaskConfig, taskNumber: number): string {
  return `CREATE TABLE label_positives_${taskNumber} AS
    SELECT r.user_id, r.time_us AS request_us, t.candidate, max(t.weight) AS weight, coalesce(arg_min(t.kin, t.ord), '') AS kin
    FROM ${seen(task, taskNumber)} GROUP BY r.user_id, r.time_us, t.candidate`;
}

function candidateSamplesSql(task: TaskConfig, taskNumber: number, table: string, drawn: boolean): string {
  const negatives = drawn
    ? `UNION ALL SELECT user_id, request_us, candidate, 0, ${ONE} FROM label_negatives_${taskNumber}`
    : '';
  return `CREATE TABLE ${table} AS
    SELECT user_id AS t0, candidate AS t1, request_us AS time_us, label, weight, request_us + ${windowUs(task)} AS until_us
    FROM (SELECT user_id, request_us, candidate, 1 AS label, weight FROM label_positives_${taskNumber} ${negatives}) samples
    ORDER BY request_us, user_id, label DESC, candidate`;
}

function levelSamplesSql(task: TaskConfig, taskNumber: number, table: string): string {
  const { join, level } = levelSql('n.value', 'n.kin', taskNumber);
  return `CREATE TABLE ${table} AS
    SELECT r.user_id AS t0, r.time_us, ${level} AS label, ${ONE} AS weight, r.time_us + ${windowUs(task)} AS until_us
    FROM ${placesTable(taskNumber)} r ASOF JOIN ${firstTargets(taskNumber)} n
      ON n.user_id = r.user_id AND r.time_us <= n.time_us ${join}
    WHERE n.time_us < r.time_us + ${windowUs(task)} ORDER BY r.time_us, r.user_id`;
}
