/** Differences between models over the days of a backtest: means of AUCs, with intervals by the bootstrap over users. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { BacktestModel } from '../common/backtest-models.js';
import { numberOf, openDatabase } from '../common/database.js';
import { withWorkFolder } from '../common/files.js';
import { escapeGlob, quoteLiteral } from '../common/sql.js';
import { bootstrapIntervals, type Resampled } from '../evaluation/bootstrap.js';
import { resampledAuc } from '../evaluation/resampled.js';
import type { Scored } from '../evaluation/scored.js';
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
  readonly bootstrap: { readonly samples: number; readonly seed: number };
  /** What DuckDB may use. */
  readonly limits: Parameters<typeof openDatabase>[1];
}

/** updated against each of the others. Keeps 20 bytes for each sample, model and day of a task. */
export async function pairedDifferences(input: PairedInput): Promise<PairedDifference[]> {
  const { models, tasks, days } = input;
  if (!models.includes('updated') || days.length === 0) return [];
  const differences: PairedDifference[] = [];
  for (const task of tasks) {
    const read = await readMetrics(input, task);
    if (!read) continue;
    const { metrics, users } = read;
    const against = models.filter((model) => model !== 'updated' && metrics[model]);
    const resampled = Object.fromEntries(
      against.map((model) => [model, difference(metrics.updated!, metrics[model]!)]),
    );
    const intervals = bootstrapIntervals(resampled, users, input.bootstrap);
    for (const model of against) {
      const value = resampled[model]!(new Int32Array(users).fill(1));
      if (value === null) continue;
      const interval = intervals[model] ?? null;
      differences.push({
        ...{ task, model: 'updated', against: model, difference: value },
        interval: interval && { low: interval.low, high: interval.high },
      });
    }
  }
  return differences;
}

/** Mean over the days of what one has more than the other. */
const difference =
  (of: readonly Resampled[], against: readonly Resampled[]): Resampled =>
  (counts) => {
    let sum = 0;
    for (const [at, metric] of of.entries()) {
      const [mine, other] = [metric(counts), against[at]!(counts)];
      if (mine === null || other === null) return null;
      sum += mine - other;
    }
    return sum / of.length;
  };

/**
 * The AUC on each day of each model whose predictions are all there, as a function of how often each user counts; users are
 * numbered over all days. Null without those of updated.
 */
async function readMetrics({ folder, days, models, fileOf, limits }: PairedInput, task: string) {
  const filesOf = models
    .map((model) => [model, days.map((day) => fileOf(day, model, task))] as const)
    .filter(([, files]) => files.every((file) => existsSync(file)));
  if (!filesOf.some(([model]) => model === 'updated')) return null;
  return withWorkFolder(join(folder, 'differences'), async (work) => {
    const { connection, close } = await openDatabase(work, limits);
    try {
      // Models share a file on the first day.
      const files = [...new Set(filesOf.flatMap(([, files]) => files))];
      const list = files.map((file) => quoteLiteral(escapeGlob(file))).join(', ');
      await connection.run(
        `CREATE TABLE users AS SELECT user_id, CAST(row_number() OVER (ORDER BY user_id) - 1 AS INTEGER) AS number
         FROM (SELECT DISTINCT user_id FROM read_parquet([${list}]))`,
      );
      const byFile = new Map<string, Resampled>();
      for (const file of files) byFile.set(file, await readAuc(connection, file));
      const metrics: Partial<Record<BacktestModel, Resampled[]>> = {};
      for (const [model, files] of filesOf) metrics[model] = files.map((file) => byFile.get(file)!);
      return { metrics, users: await numberOf(connection, 'SELECT count(*) FROM users') };
    } finally {
      close();
    }
  });
}

/** Of a file of predictions, with the numbers of `users`. */
async function readAuc(connection: DuckDBConnection, file: string): Promise<Resampled> {
  const path = quoteLiteral(escapeGlob(file));
  const samples = await numberOf(connection, `SELECT count(*) FROM read_parquet(${path})`);
  const users = new Int32Array(samples);
  const scored: Scored = {
    scores: new Float32Array(samples),
    labels: new Float32Array(samples),
    weights: new Float32Array(samples),
  };
  const columns = [users, scored.scores, scored.labels, scored.weights];
  const result = await connection.stream(
    `SELECT number, prediction, label, weight FROM read_parquet(${path}, file_row_number = true) JOIN users USING (user_id)
     ORDER BY file_row_number`,
  );
  for (let at = 0; ; ) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    for (const [number, column] of columns.entries()) {
      column.set(chunk.getColumnValues(number) as number[], at);
    }
    at += chunk.rowCount;
  }
  return resampledAuc(scored, users);
}
