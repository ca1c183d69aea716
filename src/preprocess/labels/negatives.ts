/**
 * Sampled negatives: for each positive some candidates that are no positive of the same request, drawn by hash so that
 * the same log and seed give the same draws at any number of threads.
 */

import { quoteLiteral } from '../../common/sql.js';
import type { CandidateLabels, Config } from '../../config/schema.js';
import { hash32Sql } from '../../features/hash32.js';
import type { Inputs } from '../items.js';
import type { SplitBounds } from '../requests.js';
import { eventText, itemFieldSql, logWithItems } from './events-that-count.js';
import { candidateColumn } from './label-columns.js';

type Negatives = NonNullable<CandidateLabels['negatives']>;

/** More draws than are wanted, since some hit a positive or repeat another: from so many come as many as are wanted. */
const drawsFor = (wanted: number) => 2 * wanted + 8;

const TWO_TO_32 = 4_294_967_296;

/**
 * `label_pool_<n>` (part, kin, candidate, below, width): what can be drawn, each candidate with its share [below, below + width)
 * of the numbers of its part and kin. Part 0 is the time before the evaluation period, for requests before it; part 1
 * reaches to its end. `label_pool_sizes_<n>` (part, kin, total, candidates).
 */
function createPoolSql(
  config: Config,
  inputs: Inputs,
  candidate: string,
  { by, within }: Negatives,
  taskNumber: number,
  { evaluationFromUs, evaluationToUs }: SplitBounds,
): string[] {
  const id = eventText(inputs, candidateColumn(config, candidate));
  const kin = `coalesce(${itemFieldSql(config, inputs, within)}, '')`;
  const part = (
    number: number,
    until: bigint | null,
  ) => `SELECT ${number} AS part, candidate, arg_min(kin, ord) AS kin, count(*) AS n
    FROM (SELECT ${id} AS candidate, ${kin} AS kin, l.rowid AS ord, l.time_us FROM ${logWithItems(config, inputs)}) events
    WHERE candidate IS NOT NULL${until === null ? '' : ` AND time_us < ${until}`} GROUP BY candidate`;
  return [
    `CREATE TABLE label_pool_${taskNumber} AS
      SELECT part, kin, candidate, width,
        CAST(sum(width) OVER (PARTITION BY part, kin ORDER BY candidate) - width AS BIGINT) AS below
      FROM (SELECT part, kin, candidate, ${by === 'uniform' ? 'CAST(1 AS BIGINT)' : 'n'} AS width
        FROM (${part(0, evaluationFromUs)} UNION ALL ${part(1, evaluationToUs)}) counted) shares`,
    `CREATE TABLE label_pool_sizes_${taskNumber} AS
      SELECT part, kin, CAST(sum(width) AS BIGINT) AS total, count(*) AS candidates FROM label_pool_${taskNumber} GROUP BY part, kin`,
  ];
}

/** `label_negatives_<n>` (user_id, request_us, candidate) for the positives `label_positives_<n>` (user_id, request_us, candidate, kin). */
export function createNegativesSql(
  config: Config,
  inputs: Inputs,
  { task, taskNumber, candidate }: { task: string; taskNumber: number; candidate: string },
  negatives: Negatives,
  bounds: SplitBounds,
): string[] {
  const { perPositive, seed } = negatives;
  const drawn = hash32Sql(
    `${quoteLiteral(`negative:${task}:${seed}:`)} || p.user_id || ':' || p.request_us || ':' || p.candidate || ':' || k.draw`,
  );
  return [
    ...createPoolSql(config, inputs, candidate, negatives, taskNumber, bounds),
    `CREATE TABLE label_draws_${taskNumber} AS
      SELECT p.user_id, p.request_us, p.candidate AS positive, k.draw, p.part, p.kin,
        ${drawn} * s.total // ${TWO_TO_32} AS number
      FROM (SELECT *, CASE WHEN request_us < ${bounds.evaluationFromUs} THEN 0 ELSE 1 END AS part,
          FROM label_positives_${taskNumber}) p
      JOIN label_pool_sizes_${taskNumber} s ON s.part = p.part AND s.kin = p.kin
      CROSS JOIN range(${drawsFor(perPositive)}) k(draw)`,
    `CREATE TABLE label_negatives_${taskNumber} AS
      SELECT user_id, request_us, candidate FROM (
        SELECT *, row_number() OVER (PARTITION BY user_id, request_us, positive ORDER BY draw) AS place FROM (
          SELECT d.*, q.candidate,
            row_number() OVER (PARTITION BY d.user_id, d.request_us, q.candidate ORDER BY d.draw, d.positive) AS time
          FROM label_draws_${taskNumber} d ASOF JOIN label_pool_${taskNumber} q
            ON q.part = d.part AND q.kin = d.kin AND d.number >= q.below) drawn
        WHERE time = 1 AND NOT EXISTS (SELECT 1 FROM label_positives_${taskNumber} p
          WHERE p.user_id = drawn.user_id AND p.request_us = drawn.request_us AND p.candidate = drawn.candidate)) fresh
      WHERE place <= ${perPositive}`,
  ];
}

/**
 * Of the candidates that could have been drawn for the requests before the evaluation period, the share that was: what
 * turns the odds that a model learns on these samples into those among all candidates.
 */
export function negativeRateSql(taskNumber: number, { evaluationFromUs }: SplitBounds): string {
  return `SELECT (SELECT count(*) FROM label_negatives_${taskNumber} WHERE request_us < ${evaluationFromUs}) / (
      SELECT sum(candidates) - (SELECT count(*) FROM label_positives_${taskNumber} WHERE request_us < ${evaluationFromUs})
      FROM (SELECT DISTINCT user_id, request_us, kin FROM label_positives_${taskNumber}
        WHERE request_us < ${evaluationFromUs}) r
      JOIN label_pool_sizes_${taskNumber} s ON s.part = 0 AND s.kin = r.kin)`;
}
