/** The files of an experiment as one row for each user: the variant, and what was counted from the first exposure on. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf, rowsOf } from '../common/database.js';
import { messageOf, UserError } from '../common/errors.js';
import { escapeGlob, quoteIdentifier, quoteLiteral } from '../common/sql.js';
import { suggest } from '../common/suggest.js';
import { timeSql } from '../features/time-sql.js';

/** What files are read for, each a column of the name unless another is given. */
export const AB_COLUMNS = [
  'user',
  'variant',
  'time',
  'impressions',
  'clicks',
  'conversions',
  'revenue',
] as const;
export type AbColumn = (typeof AB_COLUMNS)[number];

const COUNTED = ['impressions', 'clicks', 'conversions', 'revenue'] as const;
export type Counted = (typeof COUNTED)[number];

export interface AbFiles {
  readonly exposures: readonly string[];
  readonly outcomes: readonly string[];
  /** A table of users with columns to slice by; null for none. */
  readonly users: string | null;
  readonly columns: Readonly<Record<AbColumn, string>>;
  /** Columns to slice by. */
  readonly slices: readonly string[];
}

/** Logs of outcomes have whole seconds more often than not: what lies in that of the first exposure counts. */
const US_PER_SECOND = 1_000_000;

/** The table that is left: user, variant, slice_<n>, impressions, clicks, conversions, revenue. */
export const AB_USERS = 'ab_users';

export interface AbTables {
  /** What the outcomes tell of. */
  readonly counted: readonly Counted[];
  /** Users who were exposed to several variants: they are left out. */
  readonly mixedUsers: number;
  /** Rows of outcomes of users who were never exposed, and those before the first exposure: they do not count. */
  readonly unexposed: number;
  readonly early: number;
}

/** @throws UserError for files that cannot be read, columns that are missing, and cells that are no times or numbers */
export async function loadAbTables(connection: DuckDBConnection, files: AbFiles): Promise<AbTables> {
  const { columns, slices } = files;
  const exposed = await openTable(connection, 'exposures', files.exposures);
  exposed.require(columns.user);
  exposed.require(columns.variant);
  const outcomes = await openTable(connection, 'outcomes', files.outcomes);
  outcomes.require(columns.user);
  const counted = COUNTED.filter((name) => outcomes.has(columns[name]));
  if (counted.length === 0) {
    const names = COUNTED.map((name) => columns[name]).join(', ');
    throw new UserError(
      `Cannot read ${files.outcomes[0]}: expected one of the columns ${names}, got ${outcomes.columns.join(', ')}`,
    );
  }
  const users = files.users === null ? null : await openTable(connection, 'users', [files.users]);
  users?.require(columns.user);
  const id = quoteIdentifier(columns.user);
  const sliced = slices.map((slice, at) => {
    const ofUsers = users?.has(slice);
    if (!ofUsers) exposed.require(slice);
    const value = `${ofUsers ? 'u' : 'e'}.${quoteIdentifier(slice)}`;
    // What the user was at the first exposure.
    return `${ofUsers ? `any_value(${value})` : `arg_min(coalesce(${value}, ''), at_us)`} AS slice_${at}`;
  });
  await connection.run(`CREATE TEMP TABLE exposed AS
    SELECT e.${id} AS "user", min(e.${quoteIdentifier(columns.variant)}) AS variant,
      count(DISTINCT e.${quoteIdentifier(columns.variant)}) AS variants, count(*) AS exposures, min(at_us) AS first_us
      ${sliced.map((column) => `, ${column}`).join('')}
    FROM (SELECT *, coalesce(${await exposed.time(columns.time)}, 0) AS at_us FROM exposures) e
    ${users ? `LEFT JOIN (SELECT DISTINCT ON (${id}) * FROM users) u ON u.${id} = e.${id}` : ''}
    WHERE e.${id} IS NOT NULL AND e.${quoteIdentifier(columns.variant)} IS NOT NULL GROUP BY 1`);
  const numbers = await Promise.all(
    counted.map(async (name) => `${await outcomes.number(columns[name])} AS ${name}`),
  );
  const time = await outcomes.time(columns.time);
  // By names of ours: the file may have columns of any.
  await connection.run(`CREATE TEMP TABLE counted AS
    SELECT ${id} AS "user", ${time} AS at_us, ${numbers.join(', ')} FROM outcomes`);
  const isEarly = `o.at_us < e.first_us - e.first_us % ${US_PER_SECOND}`;
  await connection.run(`CREATE TEMP TABLE summed AS
    SELECT o."user", ${counted.map((name) => `sum(o.${name}) AS ${name}`).join(', ')}
    FROM counted o JOIN exposed e ON e."user" = o."user"
    WHERE o.at_us IS NULL OR NOT ${isEarly} GROUP BY 1`);
  // Each exposure is an impression where the outcomes do not say.
  const values = COUNTED.map((name) =>
    name === 'impressions' && !counted.includes(name)
      ? 'exposures::DOUBLE AS impressions'
      : `${counted.includes(name) ? `coalesce(${name}, 0)` : '0.0'} AS ${name}`,
  );
  await connection.run(`CREATE TEMP TABLE ${AB_USERS} AS
    SELECT exposed."user", variant, ${slices.map((_, at) => `slice_${at}, `).join('')} ${values.join(', ')}
    FROM exposed LEFT JOIN summed ON summed."user" = exposed."user" WHERE variants = 1`);
  return {
    counted,
    mixedUsers: await numberOf(connection, 'SELECT count(*) FROM exposed WHERE variants > 1'),
    unexposed: await numberOf(
      connection,
      `SELECT count(*) FROM counted o WHERE NOT EXISTS (FROM exposed e WHERE e."user" = o."user")`,
    ),
    early: await numberOf(
      connection,
      `SELECT count(*) FROM counted o JOIN exposed e ON e."user" = o."user" WHERE ${isEarly}`,
    ),
  };
}

interface OpenTable {
  readonly columns: readonly string[];
  has(column: string): boolean;
  /** @throws UserError when it is missing */
  require(column: string): void;
  /** SQL for microseconds since 1970, NULL without such a column. @throws UserError for a cell that is no time */
  time(column: string): Promise<string>;
  /** SQL for a number, 0 for an empty cell. @throws UserError for a cell that is none */
  number(column: string): Promise<string>;
}

/** All columns as texts, under the name. */
async function openTable(
  connection: DuckDBConnection,
  name: string,
  paths: readonly string[],
): Promise<OpenTable> {
  try {
    await connection.run(
      `CREATE TEMP TABLE ${name} AS SELECT COLUMNS(*)::VARCHAR FROM (${paths.map((path) => `FROM ${readerOf(path)}`).join(' UNION ALL BY NAME ')})`,
    );
  } catch (cause) {
    throw new UserError(`Cannot read ${paths.join(', ')}: ${messageOf(cause)}`, { cause });
  }
  const described = await rowsOf<[string]>(connection, `SELECT column_name FROM (DESCRIBE ${name})`);
  const columns = described.map(([column]) => column);
  const has = (column: string) => columns.includes(column);
  const checked = async (column: string, what: string, value: string) => {
    const cell = quoteIdentifier(column);
    const [wrong] = await rowsOf<[string]>(
      connection,
      `SELECT ${cell} FROM ${name} WHERE ${cell} <> '' AND ${value} IS NULL LIMIT 1`,
    );
    if (wrong)
      throw new UserError(`Cannot read ${paths.join(', ')}: expected ${what} in ${column}, got ${wrong[0]}`);
    return value;
  };
  return {
    columns,
    has,
    require(column) {
      if (has(column)) return;
      throw new UserError(
        `Cannot read ${paths.join(', ')}: required the column ${column}${suggest(column, columns)}, got ${columns.join(', ')}`,
      );
    },
    time: async (column) =>
      has(column)
        ? checked(
            column,
            'a time such as 2026-01-10T12:00:00Z',
            timeSql(quoteIdentifier(column), 'iso', 'UTC'),
          )
        : 'NULL::BIGINT',
    async number(column) {
      const value = `TRY_CAST(${quoteIdentifier(column)} AS DOUBLE)`;
      const isNumber = `CASE WHEN isfinite(${value}) THEN ${value} END`;
      return `coalesce(${await checked(column, 'a number', isNumber)}, 0)`;
    },
  };
}

/** By the ending of the name. @throws UserError */
function readerOf(path: string): string {
  const file = quoteLiteral(escapeGlob(path));
  if (/\.(parquet|pq)$/i.test(path)) return `read_parquet(${file})`;
  if (/\.(jsonl|ndjson)(\.gz)?$/i.test(path)) return `read_json(${file}, format = 'newline_delimited')`;
  if (/\.(csv|tsv)(\.gz)?$/i.test(path)) return `read_csv(${file}, all_varchar = true, header = true)`;
  throw new UserError(
    `Cannot read ${path}: expected a name that ends in .csv, .tsv, .jsonl (each also .gz) or .parquet`,
  );
}
