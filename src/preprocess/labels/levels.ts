/** Levels of a number, such as seven of the price: its quantiles over the events of the training period. */
import { escapeGlob, quoteLiteral } from '../../common/sql.js';
import type { LevelLabels } from '../../config/schema.js';
import type { SplitBounds } from '../split-requests.js';
import { targetsTable } from './events-that-count.js';

export const levelsTable = (task: number): string => `label_levels_${task}`;

/**
 * `label_levels_<n>` (kin, bounds): the quantiles k / classes of the values before the evaluation period, k = 1 .. classes - 1; those of
 * all of them under the kin NULL. A kin with fewer values than classes has none of its own.
 */
export function createLevelsSql(
  taskNumber: number,
  classes: number,
  { within }: LevelLabels['level'],
  { evaluationFromUs }: SplitBounds,
): string {
  const shares = Array.from({ length: classes - 1 }, (_, k) => `${k + 1}.0 / ${classes}`).join(', ');
  const bounds = `quantile_disc(value, [${shares}]) AS bounds`;
  const training = `FROM ${targetsTable(taskNumber)} WHERE time_us < ${evaluationFromUs}`;
  const byKin =
    within === undefined
      ? ''
      : ` UNION ALL SELECT kin, ${bounds} ${training} AND kin IS NOT NULL GROUP BY kin HAVING count(*) >= ${classes}`;
  return `CREATE TABLE ${levelsTable(taskNumber)} AS SELECT CAST(NULL AS VARCHAR) AS kin, ${bounds} ${training}${byKin}`;
}

/** The same from the file of an earlier preparation: what a level means stays. */
export function createCarriedLevelsSql(taskNumber: number, file: string): string {
  return `CREATE TABLE ${levelsTable(taskNumber)} AS
    SELECT "within" AS kin, bounds FROM read_parquet(${quoteLiteral(escapeGlob(file))})`;
}

/** The level of `value`: how many of the bounds it exceeds, 0 .. classes - 1. */
export function levelSql(value: string, kin: string, taskNumber: number): { join: string; level: string } {
  const join = `LEFT JOIN ${levelsTable(taskNumber)} own ON own.kin = ${kin}
    JOIN ${levelsTable(taskNumber)} whole ON whole.kin IS NULL`;
  return { join, level: `len(list_filter(coalesce(own.bounds, whole.bounds), bound -> ${value} > bound))` };
}
