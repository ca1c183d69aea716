/** The positives of requests in the log, and the samples that they and the negatives make. */
import type { TaskConfig } from '../../config/schema.js';
import { candidatesTable } from './candidates.js';
import { ONE, targetsTable } from './events-that-count.js';
import { placesTable, windowUs } from './placement.js';

export const positivesTable = (task: number): string => `label_positives_${task}`;

/** `label_positives_<n>` (request: its rowid, candidate: its number, weight), each candidate of a request once. */
export function createPositivesSql(task: TaskConfig, taskNumber: number): string {
  return `CREATE TABLE ${positivesTable(taskNumber)} AS
    SELECT r.rowid AS request, c.candidate, max(t.weight) AS weight
    FROM ${placesTable(taskNumber)} r
    JOIN ${targetsTable(taskNumber)} t
      ON t.user_id = r.user_id AND t.time_us >= r.time_us AND t.time_us < r.time_us + ${windowUs(task)}
    JOIN ${candidatesTable(taskNumber)} c ON c.id = t.candidate
    GROUP BY r.rowid, c.candidate`;
}

/** The samples of a task: positives, and `negatives` (a table of request and candidate). */
export function createCandidateSamplesSql(
  task: TaskConfig,
  taskNumber: number,
  negatives: string,
  table: string,
): string {
  return `CREATE TABLE ${table} AS
    SELECT r.user_id AS t0, c.id AS t1, r.time_us, s.label, s.weight, r.time_us + ${windowUs(task)} AS until_us
    FROM (SELECT request, candidate, 1 AS label, weight FROM ${positivesTable(taskNumber)}
      UNION ALL SELECT request, candidate, 0, ${ONE} FROM ${negatives}) s
    JOIN ${placesTable(taskNumber)} r ON r.rowid = s.request
    JOIN ${candidatesTable(taskNumber)} c ON c.candidate = s.candidate
    ORDER BY s.request, s.label DESC, s.candidate`;
}
