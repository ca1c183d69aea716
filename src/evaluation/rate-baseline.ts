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
import type { Range } from './measured.js';

/** Training samples of average rate that every value is given beforehand. */
const SMOOTHING = 50;

/** Columns of numbers of the samples, in their order. */
export interface CountedColumns {
  readonly names: readonly string[];
  /** Those of the next `samples` samples, each [samples]. */
  next(samples: number): Promise<Readonly<Record<string, Float64Array>>>;
}

export interface CountedInput {
  readonly connection: DuckDBConnection;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly task: string;
  /** Columns of samples/<task>/samples.parquet whose rates are asked for. */
  readonly columns: readonly string[];
  /** The requests whose samples are asked for. */
  readonly requests: Range;
}

/**
 * `rate:<column>` of each column and `prior`, where the training samples are of both labels, and `popularity` of tasks that judge what has a
 * vocabulary of its own ids.
 */
export async function countedColumns(input: CountedInput): Promise<CountedColumns> {
  const { connection, folder, manifest, task, columns, requests } = input;
  const parquet = (path: string) => `read_parquet(${quoteLiteral(escapeGlob(join(folder, path)))})`;
  await connection.run(
    `CREATE OR REPLACE VIEW samples AS SELECT * FROM ${parquet(preparedPaths.samples(task))}`,
  );
  const [start, end] = splitRange(manifest, 'training');
  await connection.run(
    `CREATE OR REPLACE VIEW training AS SELECT * FROM samples WHERE request >= ${start} AND request < ${end}`,
  );
  const [total] = await rowsOf<[number | null]>(
    connection,
    'SELECT sum(weight * label) / sum(weight) FROM training',
  );
  const rate = total?.[0] ?? null;
  const prior = rate !== null && rate > 0 && rate < 1 ? rate : null;
  const rates = prior === null ? [] : columns.map((column) => rateColumn(column, prior));
  const vocabulary = vocabularyOfIds(manifest, manifest.tasks[task]!.candidate!);
  const counted: Column[] = [...rates, ...(vocabulary ? [popularityColumn(parquet(vocabulary))] : [])];
  const names = counted.map(({ name }) => name);
  const tables = counted.map(
    ({ table, on }, at) => `LEFT JOIN (${table}) c${at} ON c${at}.value IS NOT DISTINCT FROM s.${on}`,
  );
  const values = counted.map(({ missing }, at) => `CAST(coalesce(c${at}.counted, ${missing}) AS DOUBLE)`);
  const result = await connection.stream(
    `SELECT ${['s.sample', ...values].join(', ')} FROM samples s ${tables.join(' ')}
     WHERE s.request >= ${requests[0]} AND s.request < ${requests[1]} ORDER BY s.sample`,
  );
  let chunk: Float64Array[] = [];
  let [at, length] = [0, 0];
  return {
    names: prior === null ? names : [...names, 'prior'],
    async next(samples) {
      const columns = names.map(() => new Float64Array(samples));
      for (let done = 0; done < samples; done++, at++) {
        if (at === length) {
          const next = await result.fetchChunk();
          if (!next || next.rowCount === 0) throw new Error(`${task} has fewer samples than its arrays`);
          chunk = names.map((_, column) => Float64Array.from(next.getColumnValues(1 + column) as number[]));
          [at, length] = [0, next.rowCount];
        }
        for (const [column, values] of columns.entries()) values[done] = chunk[column]![at]!;
      }
      return {
        ...Object.fromEntries(names.map((name, column) => [name, columns[column]!])),
        ...(prior !== null && { prior: new Float64Array(samples).fill(prior) }),
      };
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

function rateColumn(column: string, prior: number): Column {
  const value = quoteIdentifier(column);
  const smoothed = `(sum(weight * label) + ${SMOOTHING} * ${prior.toExponential()}) / (sum(weight) + ${SMOOTHING})`;
  return {
    name: `rate:${column}`,
    table: `SELECT ${value} AS value, ${smoothed} AS counted FROM training GROUP BY ${value}`,
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
