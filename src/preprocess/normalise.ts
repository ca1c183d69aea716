/** Columns of numbers as (value - mean) / deviation, 10 at most either way, the missing value as 0: the mean. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../common/database.js';
import { UserError } from '../common/errors.js';
import type { NumberManifest } from '../common/prepared.js';
import { normalisedSql } from '../features/normalise-number.js';

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

/** Steps that the range of a column is divided into: sums of such integers don't depend on their order. */
const STEPS = 2 ** 44;

/** What rounding leaves of a difference, as a share of the values. */
const ROUNDING = 1e-9;

/**
 * By mean and population deviation over the rows of `known` (a FROM clause); of a column without a value there, 0 and 1.
 * A column that `carried` has a unit for keeps it.
 */
export async function normalise(
  connection: DuckDBConnection,
  columns: readonly NumberColumn[],
  known: string,
  carried: readonly NumberManifest[] = [],
): Promise<NormalisedColumns> {
  const unitOf = (name: string) => carried.find((unit) => unit.name === name);
  const measured = await measure(
    connection,
    columns.filter(({ name }) => !unitOf(name)),
    known,
  );
  const statistics = columns.map(({ name }) => unitOf(name) ?? measured.find((unit) => unit.name === name)!);
  const sql = columns.map(({ sql }, at) => normalisedSql(sql, statistics[at]!));
  return { statistics, sql };
}

async function measure(
  connection: DuckDBConnection,
  columns: readonly NumberColumn[],
  known: string,
): Promise<readonly NumberManifest[]> {
  if (columns.length === 0) return [];
  const select = async <T extends readonly unknown[]>(parts: readonly string[]) =>
    (await rowsOf<T>(connection, `SELECT ${parts.join(', ')} ${known}`))[0]!;
  const bounds = await select<(number | null)[]>(columns.map(({ sql }) => `min(${sql}), max(${sql})`));
  const ranges = columns.map((_, at) => {
    const [low, high] = [bounds[2 * at] ?? 0, bounds[2 * at + 1] ?? 0];
    if (!Number.isFinite(high - low)) throw tooWide(columns[at]!.name, low, high);
    return { low, range: high - low > ROUNDING * Math.max(Math.abs(low), Math.abs(high)) ? high - low : 0 };
  });
  const sums = await select<(number | bigint | null)[]>(
    columns.flatMap(({ sql }, at) => {
      const { low, range } = ranges[at]!;
      const step = range > 0 ? `CAST(round((${sql} - (${low})) / ${range} * ${STEPS}) AS HUGEINT)` : '0';
      return [`count(${sql})`, `sum(${step})`, `sum(${step} * ${step})`];
    }),
  );
  return columns.map(({ name }, at): NumberManifest => {
    const { low, range } = ranges[at]!;
    if (range === 0) return { name, mean: low, deviation: 1 };
    const [count, sum, squares] = sums.slice(3 * at, 3 * at + 3).map((value) => BigInt(value!)) as bigint[];
    const mean = Number(sum) / Number(count);
    const deviation = Math.sqrt(Number(count! * squares! - sum! * sum!)) / Number(count);
    return { name, mean: low + (mean / STEPS) * range, deviation: (deviation / STEPS) * range };
  });
}

function tooWide(name: string, low: number, high: number): UserError {
  return new UserError(
    `Cannot normalise ${name}: expected numbers of a range, got ${low} to ${high}; does one of them stand for no value?`,
  );
}
