/** Differences between models over the days of a backtest: means of AUCs, with intervals by the bootstrap over users. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { BacktestModel } from '../common/backtest-models.js';
import { numberOf, openDatabase } from '../common/database.js';
import { withWorkFolder } from '../common/files.js';
import { escapeGlob, quoteLiteral } from '../common/sql.js';
import { type Bootstrap, drawBlocks, intervalOf } from '../evaluation/bootstrap.js';
import { GroupAreas } from '../evaluation/metrics/auc.js';
import { ResampledAreas } from '../evaluation/metrics/resampled-auc.js';
import { addRanked } from '../evaluation/resample.js';
import { newRows } from '../evaluation/scores/sample-rows.js';
import { ScoreSorter } from '../evaluation/scores/score-sorter.js';
import type { PairedDifference } from './backtest-result.js';

export interface PairedInput {
  /** Of the backtest. */
  readonly folder: string;
  readonly days: readonly string[];
  readonly models: readonly BacktestModel[];
  /** Those with one probability for each sample. */
  readonly tasks: readonly string[];
  /** The file of the predictions of a model for a task on a day. */
  readonly fileOf: (day: string, model: BacktestModel, task: string) => string;
  readonly bootstrap: Bootstrap;
  /** What DuckDB may use. */
  readonly limits: Parameters<typeof openDatabase>[1];
}

/** updated against each of the others. The samples lie in temporary files where they are many. */
export async function pairedDifferences(input: PairedInput): Promise<PairedDifference[]> {
  const { models, tasks, days } = input;
  if (!models.includes('updated') || days.length === 0) return [];
  const differences: PairedDifference[] = [];
  for (const task of tasks) {
    const areas = await dailyAreas(input, task);
    const updated = areas.updated;
    if (!updated) continue;
    for (const model of models) {
      const other = areas[model];
      if (model === 'updated' || !other) continue;
      const value = meanDifference(updated.values, other.values, 0);
      if (Number.isNaN(value)) continue;
      const resampled = Float64Array.from({ length: input.bootstrap.samples }, (_, at) =>
        meanDifference(updated.resampled, other.resampled, at),
      );
      const interval = intervalOf(resampled);
      differences.push({
        ...{ task, model: 'updated', against: model, difference: value },
        interval: interval && { low: interval.low, high: interval.high },
      });
    }
  }
  return differences;
}

/** Mean over the days of what one has more than the other; NaN where a day has no area. */
function meanDifference(of: readonly Float64Array[], against: readonly Float64Array[], at: number): number {
  return of.reduce((sum, values, day) => sum + values[at]! - against[day]![at]!, 0) / of.length;
}

/** By day. */
interface DailyAreas {
  /** AUC, [1]; NaN where there is none. */
  readonly values: readonly Float64Array[];
  /** The same in each resample. */
  readonly resampled: readonly Float64Array[];
}

/** Of each model whose predictions are all there; users are numbered, and drawn, over all days. */
async function dailyAreas(
  { folder, days, models, fileOf, limits, bootstrap }: PairedInput,
  task: string,
): Promise<Partial<Record<BacktestModel, DailyAreas>>> {
  const filesOf = models
    .map((model) => [model, days.map((day) => fileOf(day, model, task))] as const)
    .filter(([, files]) => files.every((file) => existsSync(file)));
  if (!filesOf.some(([model]) => model === 'updated')) return {};
  return withWorkFolder(join(folder, 'differences'), async (work) => {
    const { connection, close } = await openDatabase(work, limits);
    const sorters = new Map<string, ScoreSorter>();
    try {
      // Models share a file on the first day.
      const files = [...new Set(filesOf.flatMap(([, files]) => files))];
      const list = files.map((file) => quoteLiteral(escapeGlob(file))).join(', ');
      await connection.run(
        `CREATE TABLE users AS SELECT user_id, CAST(row_number() OVER (ORDER BY user_id) - 1 AS INTEGER) AS number
         FROM (SELECT DISTINCT user_id FROM read_parquet([${list}]))`,
      );
      for (const [at, file] of files.entries()) {
        const sorter = new ScoreSorter({ folder: work, name: `file-${at}`, columns: 0, runRows: RUN_ROWS });
        sorters.set(file, sorter);
        await readScores(connection, file, sorter);
      }
      const users = await numberOf(connection, 'SELECT count(*) FROM users');
      const byFile = new Map<string, { readonly value: Float64Array; readonly resampled: Float64Array }>();
      for (const [file, sorter] of sorters) {
        const areas = new GroupAreas(1);
        await addRanked(sorter, areas, null);
        const value = Float64Array.of(areas.area(0) ?? Number.NaN);
        byFile.set(file, { value, resampled: new Float64Array(bootstrap.samples) });
      }
      for (const { first, width, counts } of drawBlocks(users, bootstrap)) {
        for (const [file, sorter] of sorters) {
          const areas = new ResampledAreas(1, counts, width);
          await addRanked(sorter, areas, null);
          byFile.get(file)!.resampled.set(areas.areas(0), first);
        }
      }
      const byModel = filesOf.map(([model, files]) => {
        const ofDays = files.map((file) => byFile.get(file)!);
        const values = ofDays.map(({ value }) => value);
        return [model, { values, resampled: ofDays.map(({ resampled }) => resampled) }];
      });
      return Object.fromEntries(byModel) as Partial<Record<BacktestModel, DailyAreas>>;
    } finally {
      for (const sorter of sorters.values()) sorter.close();
      close();
    }
  });
}

/** Rows that a file of predictions keeps in memory: there are as many files as days and models. */
const RUN_ROWS = 2 ** 17;

/** Of a file of predictions, with the numbers of `users`. */
async function readScores(connection: DuckDBConnection, file: string, sorter: ScoreSorter): Promise<void> {
  const result = await connection.stream(
    `SELECT prediction, label, weight, number FROM read_parquet(${quoteLiteral(escapeGlob(file))}, file_row_number = true)
       JOIN users USING (user_id) ORDER BY file_row_number`,
  );
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    const rows = newRows(chunk.rowCount, 0);
    const columns = [rows.scores, rows.positives, rows.weights, rows.users];
    for (const [number, column] of columns.entries()) column.set(chunk.getColumnValues(number) as number[]);
    sorter.add(rows);
  }
}
