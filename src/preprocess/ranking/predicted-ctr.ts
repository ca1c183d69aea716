/** The feature predicted_ctr: what a run that was trained on earlier days predicted for a user, a moment and an item. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from '../../common/context.js';
import { rowsOf } from '../../common/database.js';
import { SPLITS } from '../../common/prepared.js';
import type { Config, SampleSource } from '../../config/schema.js';
import { type Inputs, number, text } from '../items.js';
import { joinComputedFeatures, PREDICTED_CTR, tasksWithComputedFeatures } from './computed-features.js';

/** With a smaller share of predictions than this, a part of the samples is warned of. */
const FEW = 0.5;

/** A mean of decimals is the same in any order of its rows. */
const meanSql = (column: string) => `avg(CAST(greatest(-1e9, least(1e9, ${column})) AS DECIMAL(38, 15)))`;

/** `rank_predictions` (usr, time_us, item_id, prediction: the mean of several), of moments with a request. */
export function createPredictionsSql({ features }: Config, { predictedCtr: table }: Inputs): string[] {
  if (!table) return [];
  const { user, candidate, prediction } = features.ranking!.predictedCtr!;
  return [
    `CREATE TABLE rank_predictions AS
      SELECT u.usr, p.time_us, p.${text(table, candidate)} AS item_id, ${meanSql(`p.${number(table, prediction)}`)} AS prediction
      FROM ${table.table} p JOIN user_rows u ON u.user_id = p.${text(table, user)}
      SEMI JOIN request_rows r ON r.usr = u.usr AND r.time_us = p.time_us
      GROUP BY ALL`,
  ];
}

/** Logs how many samples of each task that ranks have a prediction, and warns of a part in which few have. */
export async function reportPredictions(
  connection: DuckDBConnection,
  config: Config,
  inputs: Inputs,
  logger: Logger,
): Promise<void> {
  if (!inputs.predictedCtr) return;
  for (const taskNumber of tasksWithComputedFeatures(config)) {
    const [task, { samples }] = Object.entries(config.tasks)[taskNumber]!;
    const { features = [] }: SampleSource = samples;
    if (features.includes(PREDICTED_CTR)) continue;
    const rows = await rowsOf<[number, bigint, bigint]>(
      connection,
      `SELECT r.split, count(*), count(f.prediction) FROM sample_rows s JOIN request_rows r USING (request)
       ${joinComputedFeatures(config, inputs)} WHERE s.task = ${taskNumber} GROUP BY r.split`,
    );
    const parts = SPLITS.map((split, at) => {
      const [, all, predicted] = rows.find(([number]) => number === at) ?? [at, 0n, 0n];
      return { split, samples: Number(all), predicted: Number(predicted) };
    });
    const counts = parts.map((part) => `${part.predicted} of ${part.samples} ${part.split}`).join(', ');
    const message = `${task}: ${counts} samples have a predicted CTR`;
    const fields = { task, predicted: Object.fromEntries(parts.map((part) => [part.split, part.predicted])) };
    if (parts.some((part) => part.predicted < FEW * part.samples)) {
      logger.warn(fields, `${message}; of the others it is taken to be the mean`);
    } else logger.info(fields, message);
  }
}
