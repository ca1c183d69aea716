/** The candidates of a task, numbered: what is drawn and compared in great numbers are integers, not ids. */
import type { Config } from '../../config/schema.js';
import type { Inputs } from '../items.js';
import type { SplitBounds } from '../split-requests.js';
import { eventText, itemFieldSql, logWithItems } from './events-that-count.js';
import { candidateColumn } from './label-columns.js';

export const candidatesTable = (task: number): string => `label_candidates_${task}`;

/**
 * `label_candidates_<n>` (candidate: in order of the ids, id, kin: a number for the value of the field `within` at the candidate's
 * first event, a missing one too, events_0: its events before the evaluation period, events_1: those before its end).
 */
export function createCandidatesSql(
  config: Config,
  inputs: Inputs,
  { candidate, within }: { readonly candidate: string; readonly within: string | undefined },
  taskNumber: number,
  { evaluationFromUs, evaluationToUs }: SplitBounds,
): string {
  const id = eventText(inputs, candidateColumn(config, candidate));
  const kin = within === undefined ? 'NULL' : 'arg_min_null(kin, (time_us, ord))';
  const until = evaluationToUs === null ? '' : ` FILTER (time_us < ${evaluationToUs})`;
  return `CREATE TABLE ${candidatesTable(taskNumber)} AS
    SELECT CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER) AS candidate, id,
      CAST(dense_rank() OVER (ORDER BY kin NULLS FIRST) - 1 AS INTEGER) AS kin, events_0, events_1
    FROM (SELECT id, ${kin} AS kin, count(*) FILTER (time_us < ${evaluationFromUs}) AS events_0, count(*)${until} AS events_1
      FROM (SELECT ${id} AS id, ${itemFieldSql(config, inputs, within)} AS kin, l.time_us, l.rowid AS ord
        FROM ${logWithItems(config, inputs)}) events
      WHERE id IS NOT NULL GROUP BY id) counted`;
}
