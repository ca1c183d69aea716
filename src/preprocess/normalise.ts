/** Columns of numbers as (value - mean) / deviation, the missing value as 0: the mean. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { NumberManifest } from '../common/prepared.js';
import { rowsOf } from './database.js';

export interface NumberColumn {
  readonly name: string;
  /** An expression, NULL where the value is missing. */
  readonly sql: string;
}

export interface NormalisedColumns {
  readonly statistics: readonly NumberManifest[];
  /** An expression for each column over the same rows as its own, never NULL. */
  readonly sql: readonly string[];
}

/** Sums over several threads differ in their last bits from one run to the next; what is stored must not. */
const rounded = (value: number) => Number(value.toPrecision(12));

/** By mean and population deviation over the rows of `known` (a FROM clause); of a column without a value there, 0 and 1. */
export async function normalise(
  connection: DuckDBConnection,
  columns: readonly NumberColumn[],
  known: string,
): Promise<NormalisedColumns> {
  if (columns.length === 0) return { statistics: [], sql: [] };
  // Rounding may leave a trace of a deviation where all values are the same.
  const measured = columns.map(
    ({ sql }) => `avg(${sql}), CASE WHEN min(${sql}) < max(${sql}) THEN stddev_pop(${sql}) ELSE 0 END`,
  );
  const [row] = await rowsOf<(number | null)[]>(connection, `SELECT ${measured.join(', ')} ${known}`);
  const statistics = columns.map(({ name }, at): NumberManifest => {
    const [mean, deviation] = [rounded(row![2 * at] ?? 0), rounded(row![2 * at + 1] ?? 0)];
    return { name, mean, deviation: deviation > 0 ? deviation : 1 };
  });
  const sql = columns.map(({ sql }, at) => {
    const { mean, deviation } = statistics[at]!;
    return `coalesce((${sql} - ${mean}) / ${deviation}, 0)`;
  });
  return { statistics, sql };
}
