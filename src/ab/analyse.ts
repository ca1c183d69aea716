/** Uplifts of an experiment: CTR, CVR and revenue for each user, of all users and of slices of them. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../common/database.js';
import { UserError } from '../common/errors.js';
import { quoteLiteral } from '../common/sql.js';
import { AB_USERS, type AbFiles, type AbTables, type Counted, loadAbTables } from './ab-tables.js';
import { compareVariants, type Uplift } from './compare-variants.js';
import { type Moments, ratioOf } from './ratio.js';
import { type SampleRatio, sampleRatio } from './sample-ratio.js';

/** Metric -> what is counted for each what. */
const METRICS = {
  ctr: { y: 'clicks', x: 'impressions' },
  cvr: { y: 'conversions', x: 'clicks' },
  revenuePerUser: { y: 'revenue', x: null },
} as const satisfies Record<string, { readonly y: Counted; readonly x: Counted | null }>;
export type AbMetric = keyof typeof METRICS;

/** Values of a column that are shown, those with most users. */
const SLICES = 20;

export interface AbRow {
  /** Null for all users. */
  readonly slice: { readonly column: string; readonly value: string } | null;
  readonly metric: AbMetric;
  readonly variant: string;
  readonly users: number;
  readonly controlUsers: number;
  /** Null where one of them has nothing to count by. */
  readonly result: Uplift | null;
}

export interface AbResult extends Omit<AbTables, 'counted'> {
  readonly control: string;
  /** Variant -> users. */
  readonly users: Readonly<Record<string, number>>;
  readonly sampleRatio: SampleRatio;
  readonly rows: readonly AbRow[];
}

export interface AbOptions {
  /** The first of the shares, or of the names, by default. */
  readonly control: string | null;
  /** Variant -> its share of the users; null for equal ones. */
  readonly shares: Readonly<Record<string, number>> | null;
}

/** @throws UserError as `loadAbTables`, and for fewer than two variants */
export async function analyse(
  connection: DuckDBConnection,
  files: AbFiles,
  { control: named, shares }: AbOptions,
): Promise<AbResult> {
  const { counted, ...tables } = await loadAbTables(connection, files);
  const found = await rowsOf<[string, number]>(
    connection,
    `SELECT variant, count(*)::INTEGER FROM ${AB_USERS} GROUP BY 1 ORDER BY 1`,
  );
  const names = shares ? Object.keys(shares) : found.map(([name]) => name);
  const users = Object.fromEntries(names.map((name) => [name, 0]));
  for (const [name, count] of found) {
    if (!Object.hasOwn(users, name))
      throw new UserError(`Cannot compare: expected exposures of ${names.join(', ')}, got one of ${name}`);
    users[name] = count;
  }
  if (names.length < 2)
    throw new UserError(
      `Cannot compare: expected exposures of two variants or more, got ${names.join(', ') || 'none'}`,
    );
  const control = named ?? names[0]!;
  if (!names.includes(control))
    throw new UserError(`Cannot compare: expected a control of ${names.join(', ')}, got ${control}`);
  const told = new Set<Counted>([...counted, 'impressions']);
  const metrics = (Object.keys(METRICS) as AbMetric[]).filter((metric) => {
    const { y, x } = METRICS[metric];
    return told.has(y) && (x === null || told.has(x));
  });
  const rows: AbRow[] = [];
  const add = async (slice: AbRow['slice'], where: string) => {
    for (const metric of metrics) {
      const moments = await momentsOf(connection, metric, where);
      const ofControl = moments.get(control);
      for (const variant of names.filter((name) => name !== control)) {
        const ofVariant = moments.get(variant);
        const [base, other] = [ofControl && ratioOf(ofControl), ofVariant && ratioOf(ofVariant)];
        rows.push({
          slice,
          metric,
          variant,
          users: ofVariant?.users ?? 0,
          controlUsers: ofControl?.users ?? 0,
          result: base && other ? compareVariants(base, other) : null,
        });
      }
    }
  };
  await add(null, 'true');
  for (const [at, column] of files.slices.entries()) {
    const values = await rowsOf<[string]>(
      connection,
      `SELECT coalesce(slice_${at}, '') AS value FROM ${AB_USERS} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ${SLICES}`,
    );
    for (const [value] of values)
      await add({ column, value }, `coalesce(slice_${at}, '') = ${quoteLiteral(value)}`);
  }
  const ratio = sampleRatio(
    names.map((name) => users[name]!),
    names.map((name) => shares?.[name] ?? 1),
  )!;
  return { control, users, sampleRatio: ratio, ...tables, rows };
}

async function momentsOf(
  connection: DuckDBConnection,
  metric: AbMetric,
  where: string,
): Promise<ReadonlyMap<string, Moments>> {
  const { y, x } = METRICS[metric];
  const by = x ?? '1.0';
  const found = await rowsOf<[string, number, number, number, number | null, number | null, number | null]>(
    connection,
    `SELECT variant, count(*)::INTEGER, avg(${by}), avg(${y}), var_samp(${by}), var_samp(${y}), covar_samp(${by}, ${y})
     FROM ${AB_USERS} WHERE ${where} GROUP BY 1`,
  );
  return new Map(
    found.map(([variant, users, meanX, meanY, varianceX, varianceY, covariance]) => [
      variant,
      {
        users,
        meanX,
        meanY,
        varianceX: varianceX ?? 0,
        varianceY: varianceY ?? 0,
        covariance: covariance ?? 0,
      },
    ]),
  );
}
