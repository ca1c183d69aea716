/**
 * Counts: what the training samples say of a candidate, or of a place on the page, without any model.
 *
 *     rate(v) = (sum w y + SMOOTHING prior) / (sum w + SMOOTHING)     over the training samples with the value v
 *
 * with label y, weight w and prior, the rate over all training samples, which also is the rate of a new value. And popularity:
 * how often the candidate's id came up in the log before the evaluation period.
 */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../common/database.js';
import { type Manifest, preparedPaths } from '../common/prepared.js';
import { escapeGlob, quoteIdentifier, quoteLiteral } from '../common/sql.js';
import { splitRange } from '../dataset/prepared.js';
import { openColumns } from './column-reader.js';
import type { Range } from './measured.js';

/** Training samples of average rate that every value is given beforehand. */
const SMOOTHING = 50;

/** Columns of numbers of the samples, in their order. */
export interface CountedColumns {
  /** Those of the next `samples` samples, each [samples]. */
  next(samples: number): Promise<Readonly<Record<string, Float64Array>>>;
}

export interface CountedTable {
  readonly connection: DuckDBConnection;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly task: string;
  /** The requests whose samples are asked for. */
  readonly requests: Range;
}

const parquetOf = (folder: string, path: string) =>
  `read_parquet(${quoteLiteral(escapeGlob(join(folder, path)))})`;

/** The rate over all training samples, null where they are not of both labels; and whether candidates have a vocabulary of ids. */
export async function countedNames({ connection, folder, manifest, task }: CountedTable): Promise<{
  readonly prior: number | null;
  readonly hasPopularity: boolean;
}> {
  const [start, end] = splitRange(manifest, 'training');
  const [total] = await rowsOf<[number | null]>(
    connection,
    `SELECT sum(weight * label) / sum(weight) FROM ${parquetOf(folder, preparedPaths.samples(task))}
     WHERE request >= ${start} AND request < ${end}`,
  );
  const rate = total?.[0] ?? null;
  return {
    prior: rate !== null && rate > 0 && rate < 1 ? rate : null,
    hasPopularity: vocabularyOfIds(manifest, manifest.tasks[task]!.candidate!) !== null,
  };
}

/** The rates of `columns` (those of samples/<task>/samples.parquet), each under its name; without any, `popularity`. */
export async function countedColumns({
  connection,
  folder,
  manifest,
  task,
  requests,
  columns,
  prior,
}: CountedTable & {
  readonly columns: readonly string[];
  readonly prior: number | null;
}): Promise<CountedColumns> {
  const samples = parquetOf(folder, preparedPaths.samples(task));
  const [start, end] = splitRange(manifest, 'training');
  const training = `SELECT * FROM ${samples} WHERE request >= ${start} AND request < ${end}`;
  const counted: readonly Column[] =
    columns.length > 0
      ? columns.map((column) => rateColumn(column, prior!, training))
      : [popularityColumn(parquetOf(folder, vocabularyOfIds(manifest, manifest.tasks[task]!.candidate!)!))];
  const names = counted.map(({ name }) => name);
  const tables = counted.map(
    ({ table, on }, at) => `LEFT JOIN (${table}) c${at} ON c${at}.value IS NOT DISTINCT FROM s.${on}`,
  );
  const values = counted.map(({ missing }, at) => `CAST(coalesce(c${at}.counted, ${missing}) AS DOUBLE)`);
  const read = await openColumns(
    connection,
    `SELECT ${values.join(', ')} FROM ${samples} s ${tables.join(' ')}
     WHERE s.request >= ${requests[0]} AND s.request < ${requests[1]} ORDER BY s.sample`,
    names.length,
  );
  return {
    async next(samples) {
      const columns = await read(samples);
      return Object.fromEntries(names.map((name, column) => [name, columns[column]!]));
    },
  };
}

interface Column {
  readonly name: string;
  /** A query of `value` and `counted`. */
  readonly table: string;
  /** The column of the samples that has the value. */
  readonly on: string;
  /** For a value that was not counted. */
  readonly missing: string;
}

function rateColumn(column: string, prior: number, training: string): Column {
  const value = quoteIdentifier(column);
  const smoothed = `(sum(weight * label) + ${SMOOTHING} * ${prior.toExponential()}) / (sum(weight) + ${SMOOTHING})`;
  return {
    name: column,
    table: `SELECT ${value} AS value, ${smoothed} AS counted FROM (${training}) GROUP BY ALL`,
    on: value,
    missing: prior.toExponential(),
  };
}

const popularityColumn = (vocabulary: string): Column => ({
  name: 'popularity',
  table: `SELECT value, "count" AS counted FROM ${vocabulary}`,
  on: 'candidate',
  missing: '0',
});

/** The vocabulary of the field that has the name of what is judged. */
function vocabularyOfIds({ fields, entities }: Manifest, judged: string): string | null {
  const own = (judged === 'item' ? fields.item : (entities[judged]?.fields ?? [])).find(
    ({ name }) => name === judged,
  );
  if (!own) return null;
  const shares = 'shares' in own ? (own.shares as string | undefined) : undefined;
  return judged === 'item' || shares !== undefined
    ? preparedPaths.vocabulary('item', shares ?? judged)
    : preparedPaths.vocabulary(judged, judged);
}
