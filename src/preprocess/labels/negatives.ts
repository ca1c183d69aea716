/**
 * Sampled negatives: for each positive some candidates that are no positive of the same request, drawn by hash so that
 * the same log and seed give the same draws at any number of threads.
 */

import { quoteLiteral } from '../../common/sql.js';
import type { CandidateLabels } from '../../config/schema.js';
import { hash32Sql } from '../../features/hash32.js';
import type { SplitBounds } from '../split-requests.js';
import { candidatesTable } from './candidates.js';
import { placesTable } from './placement.js';
import { positivesTable } from './positives.js';

type Negatives = NonNullable<CandidateLabels['negatives']>;

export const negativesTable = (task: number): string => `label_negatives_${task}`;
const poolTable = (task: number): string => `label_pool_${task}`;
const groupsTable = (task: number): string => `label_groups_${task}`;

/** More draws than are wanted, since some hit a positive or repeat another: from so many come as many as are wanted. */
const drawsFor = (wanted: number) => 2 * wanted + 8;

/** Enough for most requests. Their later draws change nothing, so that only the other requests need them. */
const firstDrawsFor = (wanted: number) => wanted + 2;

const TWO_TO_32 = 4_294_967_296;

/**
 * `label_pool_<n>` (part, kin, candidate, width, below): what can be drawn, each candidate with its share [below, below + width)
 * of the numbers, which go on through all parts and kins. Part 0 is the time before the evaluation period, for requests before
 * it; part 1 reaches to its end. `label_groups_<n>` (part, kin, start: of its numbers, total, candidates).
 */
function createPoolSql({ by }: Negatives, taskNumber: number): string[] {
  const part = (number: 0 | 1) => `SELECT ${number} AS part, kin, candidate,
      ${by === 'uniform' ? 'CAST(1 AS BIGINT)' : `events_${number}`} AS width
    FROM ${candidatesTable(taskNumber)} WHERE events_${number} > 0`;
  return [
    `CREATE TABLE ${poolTable(taskNumber)} AS
      SELECT *, CAST(sum(width) OVER (ORDER BY part, kin, candidate) - width AS BIGINT) AS below
      FROM (${part(0)} UNION ALL ${part(1)}) shares`,
    `CREATE TABLE ${groupsTable(taskNumber)} AS
      SELECT part, kin, min(below) AS start, CAST(sum(width) AS BIGINT) AS total, count(*) AS candidates
      FROM ${poolTable(taskNumber)} GROUP BY part, kin`,
  ];
}

/** `label_negatives_<n>` (request, candidate) for the positives `label_positives_<n>`, and the tables that say what could be drawn. */
export function createNegativesSql(
  task: string,
  taskNumber: number,
  negatives: Negatives,
  bounds: SplitBounds,
): string[] {
  const { perPositive } = negatives;
  const first = `label_first_draws_${taskNumber}`;
  const short = `label_short_${taskNumber}`;
  const positives = positivesTable(taskNumber);
  const draw = (from: string, draws: number) => drawSql(task, taskNumber, negatives, bounds, from, draws);
  return [
    ...createPoolSql(negatives, taskNumber),
    `CREATE TABLE ${first} AS ${draw(positives, firstDrawsFor(perPositive))}`,
    `CREATE TABLE ${short} AS
      SELECT DISTINCT p.request FROM ${positives} p
      LEFT JOIN (SELECT request, positive, count(*) AS n FROM ${first} GROUP BY request, positive) got
        ON got.request = p.request AND got.positive = p.candidate
      WHERE coalesce(got.n, 0) < ${perPositive}`,
    `CREATE TABLE ${negativesTable(taskNumber)} AS
      SELECT request, candidate FROM ${first} ANTI JOIN ${short} USING (request)
      UNION ALL SELECT request, candidate
      FROM (${draw(`(SELECT * FROM ${positives} SEMI JOIN ${short} USING (request))`, drawsFor(perPositive))}) again`,
    `DROP TABLE ${first}`,
    `DROP TABLE ${short}`,
  ];
}

/** (request, positive, candidate) of the draws 0 .. draws - 1 that count, of the positives of some requests. */
function drawSql(
  task: string,
  taskNumber: number,
  { perPositive, seed }: Negatives,
  { evaluationFromUs }: SplitBounds,
  positives: string,
  draws: number,
): string {
  const hash = hash32Sql(
    `${quoteLiteral(`negative:${task}:${seed}:`)} || r.user_id || ':' || r.time_us || ':' || c.id || ':' || k.draw`,
  );
  // Of the draws of one candidate, the one with the smallest number counts, then the one of the first positive: both are in `turn`.
  const drawn = `SELECT d.request, q.candidate, min(d.draw * ${TWO_TO_32} + d.positive) AS turn
    FROM (SELECT p.request, p.candidate AS positive, k.draw, g.start + ${hash} * g.total // ${TWO_TO_32} AS number
      FROM ${positives} p
      JOIN ${placesTable(taskNumber)} r ON r.rowid = p.request
      JOIN ${candidatesTable(taskNumber)} c ON c.candidate = p.candidate
      JOIN ${groupsTable(taskNumber)} g ON g.kin = c.kin AND g.part = CASE WHEN r.time_us < ${evaluationFromUs} THEN 0 ELSE 1 END
      CROSS JOIN range(${draws}) k(draw)) d
    ASOF JOIN ${poolTable(taskNumber)} q ON d.number >= q.below
    GROUP BY d.request, q.candidate`;
  return `SELECT request, positive, candidate
    FROM (SELECT request, candidate, turn % ${TWO_TO_32} AS positive,
        row_number() OVER (PARTITION BY request, turn % ${TWO_TO_32} ORDER BY turn) AS place
      FROM (${drawn}) drawn ANTI JOIN ${positivesTable(taskNumber)} USING (request, candidate)) fresh
    WHERE place <= ${perPositive}`;
}

/**
 * Of the candidates that are no positive, over all requests before `untilUs` (of the evaluation period), the share that was drawn: what turns
 * the odds that a model learns on these samples into those among all candidates. With `within`, over those candidates that
 * could have been drawn: of the groups of a request's positives.
 */
export function negativeRateSql({ within }: Negatives, taskNumber: number, untilUs: bigint): string {
  const requests = `${placesTable(taskNumber)} r WHERE r.time_us < ${untilUs}`;
  const groups = `${groupsTable(taskNumber)} g WHERE g.part = 0`;
  const positives = `SELECT p.request, c.kin FROM ${positivesTable(taskNumber)} p
    JOIN ${candidatesTable(taskNumber)} c ON c.candidate = p.candidate`;
  const isTraining = `request IN (SELECT r.rowid FROM ${requests})`;
  const candidates =
    within === undefined
      ? `(SELECT count(*) FROM ${requests}) * (SELECT sum(g.candidates) FROM ${groups})`
      : `(SELECT sum(g.candidates) FROM (SELECT DISTINCT * FROM (${positives}) WHERE ${isTraining}) p
          JOIN (SELECT * FROM ${groups}) g ON g.kin = p.kin)`;
  return `SELECT (SELECT count(*) FROM ${negativesTable(taskNumber)} WHERE ${isTraining})
    / nullif(${candidates} - (SELECT count(*) FROM (${positives} WHERE c.events_0 > 0) WHERE ${isTraining}), 0)`;
}

/** What is of no more use once the samples are made. */
export const drawnTables = (task: number): string[] => [
  negativesTable(task),
  poolTable(task),
  groupsTable(task),
];
