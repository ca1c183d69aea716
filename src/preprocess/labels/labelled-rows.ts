/** Labels of the rows of a table that has none: whether the user turned to the candidate within some time of the row. */
import type { SampleSource, TaskConfig } from '../../config/schema.js';
import { type SampleTable, text } from '../items.js';
import { ONE, targetsTable } from './events-that-count.js';
import { windowUs } from './placement.js';

export function createLabelledSql(
  given: SampleTable,
  task: TaskConfig,
  taskNumber: number,
  table: string,
): string {
  const { user, candidate }: SampleSource = task.samples;
  const rows = `(SELECT *, rowid AS ord FROM ${given.table}) s`;
  const until = `s.time_us + ${windowUs(task)}`;
  return `CREATE TABLE ${table} AS
    SELECT s.* EXCLUDE (ord), CASE WHEN found.ord IS NULL THEN 0 ELSE 1 END AS label,
      coalesce(found.weight, ${ONE}) AS weight, ${until} AS until_us
    FROM ${rows} LEFT JOIN (
      SELECT s.ord, max(t.weight) AS weight FROM ${rows} JOIN ${targetsTable(taskNumber)} t
        ON t.user_id = s.${text(given, user)} AND t.candidate = s.${text(given, candidate!)}
          AND t.time_us >= s.time_us AND t.time_us < ${until}
      GROUP BY s.ord) found ON found.ord = s.ord
    ORDER BY s.ord`;
}
