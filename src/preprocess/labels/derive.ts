/**
 * Tables of samples out of the log (docs/labels.md): labels for the rows of a table that has none, or requests placed
 * in the log with their positives, negatives and levels. What comes out is read like any other table of samples.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf } from '../../common/database.js';
import type { RowCounts } from '../../common/prepared.js';
import type { Config, SampleSource, TaskConfig } from '../../config/schema.js';
import type { ZoneOffset } from '../../features/local-time.js';
import type { Encoding } from '../carried.js';
import type { Inputs, SampleTable } from '../items.js';
import type { Advance } from '../phases.js';
import type { TableSpec } from '../read/table-spec.js';
import type { SplitBounds } from '../split-requests.js';
import { candidatesTable, createCandidatesSql } from './candidates.js';
import { checkTargets } from './check-targets.js';
import { createTargetsSql, targetsTable } from './events-that-count.js';
import { isPlacedInLog } from './label-columns.js';
import { createLabelledSql } from './labelled-rows.js';
import { createCarriedLevelsSql, createLevelsSql } from './levels.js';
import { createNegativesSql, drawnTables, negativeRateSql, negativesTable } from './negatives.js';
import { createLabelledLevelsSql, createLevelSamplesSql } from './next-events.js';
import { createPlacesSql, placesTable, windowUs } from './placement.js';
import { createCandidateSamplesSql, createPositivesSql, positivesTable } from './positives.js';

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
  encoding: Encoding,
  advance: Advance,
): Promise<Derived> {
  const samples: Record<string, SampleTable> = {};
  const rows: Record<string, RowCounts> = {};
  const negativeRates: Record<string, number> = {};
  const tasks = Object.entries(config.tasks);
  for (const [taskNumber, [name, task]] of tasks.entries()) {
    advance(taskNumber, tasks.length);
    const given = inputs.samples[name];
    if (!task.labels) {
      samples[name] = given!;
      continue;
    }
    const table = `derived_${taskNumber}`;
    const run = async (...statements: string[]) => {
      for (const sql of statements) await connection.run(sql);
    };
    const drop = (...tables: string[]) => run(...tables.map((name) => `DROP TABLE ${name}`));
    await run(createTargetsSql(config, inputs, task, taskNumber));
    await checkTargets(connection, inputs, name, task, taskNumber);
    if (task.kind === 'multiclass') {
      const file = encoding.levelsFile(name);
      await run(
        file === undefined
          ? createLevelsSql(taskNumber, task.classes, task.labels.level, bounds)
          : createCarriedLevelsSql(taskNumber, file),
      );
    }
    if (!isPlacedInLog(task)) {
      await run(
        task.kind === 'multiclass'
          ? createLabelledLevelsSql(given!, task, taskNumber, table)
          : createLabelledSql(given!, task, taskNumber, table),
      );
      await drop(targetsTable(taskNumber), given!.table);
      samples[name] = { ...given!, table, derived: true };
      continue;
    }
    await run(createPlacesSql(config, inputs, task, taskNumber, period, bounds));
    if (task.kind === 'multiclass') {
      await run(createLevelSamplesSql(task, taskNumber, table));
    } else {
      const negatives = task.labels.negatives!;
      const asked = { candidate: task.candidate, within: negatives.within };
      await run(createCandidatesSql(config, inputs, asked, taskNumber, bounds));
      await run(createPositivesSql(task, taskNumber));
      await run(...createNegativesSql(name, taskNumber, negatives, bounds));
      negativeRates[name] = await numberOf(
        connection,
        negativeRateSql(negatives, taskNumber, rateUntil(task, bounds)),
      );
      await run(createCandidateSamplesSql(task, taskNumber, negativesTable(taskNumber), table));
      await drop(...drawnTables(taskNumber), positivesTable(taskNumber), candidatesTable(taskNumber));
    }
    await drop(targetsTable(taskNumber), placesTable(taskNumber));
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

/** Which requests the rate is of: those before the evaluation period, in an update those that it decides. */
function rateUntil(task: TaskConfig, { evaluationFromUs, updateFromUs }: SplitBounds): bigint {
  return updateFromUs === null ? evaluationFromUs : evaluationFromUs - windowUs(task) + 1n;
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
