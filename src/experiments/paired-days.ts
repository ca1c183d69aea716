/** Differences between models over the days of a backtest: means of AUCs, with intervals by the bootstrap over users. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BacktestModel } from '../common/backtest-models.js';
import { openDatabase } from '../common/database.js';
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

/** updated against each of the others. Takes 16 bytes for each sample, model and day. */
export async function pairedDifferences(input: PairedInput): Promise<PairedDifference[]> {
  const { models, tasks, days } = input;
  if (!models.includes('updated') || days.length === 0) return [];
  const differences: PairedDifference[] = [];
  for (const task of tasks) {
    const { metrics, users } = await readMetrics(input, task);
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

/** The AUC on each day of each model, as a function of how often each user counts; users are numbered over all days. */
async function readMetrics({ folder, days, models, fileOf, limits }: PairedInput, task: string) {
  return withWorkFolder(join(folder, 'differences'), async (work) => {
    const { connection, close } = await openDatabase(work, limits);
    try {
      const numbers = new Map<string, number>();
      const metrics: Partial<Record<BacktestModel, Resampled[]>> = {};
      for (const model of models) {
        const files = days.map((day) => fileOf(day, model, task));
        if (!files.every((file) => existsSync(file))) continue;
        metrics[model] = [];
        for (const file of files) {
          const reader = await connection.runAndReadAll(
            `SELECT user_id, prediction, label, weight FROM read_parquet(${quoteLiteral(escapeGlob(file))})`,
          );
          const [user, prediction, label, weight] = reader.getColumns() as [
            string[],
            number[],
            number[],
            number[],
          ];
          const users = Int32Array.from(user, (id) => {
            const number = numbers.get(id) ?? numbers.size;
            numbers.set(id, number);
            return number;
          });
          const scored: Scored = {
            scores: Float32Array.from(prediction),
            labels: Float32Array.from(label),
            weights: Float32Array.from(weight),
          };
          metrics[model].push(resampledAuc(scored, users));
        }
      }
      return { metrics, users: numbers.size };
    } finally {
      close();
    }
  });
}
