/** The ranking features of a task: normalised by the training samples, row by row in one file. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../../common/database.js';
import type { RankingFeature } from '../../common/prepared.js';

/** The feature that every sample has: the head has no intercept of its own. */
const CONSTANT: RankingFeature = { name: 'constant', mean: 0, deviation: 1 };

export interface NormalisedFeatures {
  readonly features: readonly RankingFeature[];
  /** An expression for each feature over the rows of `from`. */
  readonly sql: readonly string[];
}

/** Sums over several threads differ in their last bits from one run to the next; what is stored must not. */
const rounded = (value: number) => Number(value.toPrecision(12));

/**
 * `columns` are SQL expressions over the rows of `from` (a FROM clause with a WHERE), in which `training` tells the rows whose
 * mean and deviation count. A feature without a value in them has mean 0.
 */
export async function normaliseFeatures(
  connection: DuckDBConnection,
  columns: readonly { readonly name: string; readonly sql: string }[],
  from: string,
  training: string,
): Promise<NormalisedFeatures> {
  const statistics = columns.map(({ sql }) => `avg(${sql}), stddev_pop(${sql})`).join(', ');
  const [row] = await rowsOf<(number | null)[]>(connection, `SELECT ${statistics} ${from} AND ${training}`);
  const features = columns.map(({ name }, at): RankingFeature => {
    const [mean, deviation] = [rounded(row![2 * at] ?? 0), rounded(row![2 * at + 1] ?? 0)];
    return { name, mean, deviation: deviation > 0 ? deviation : 1 };
  });
  const values = columns.map(
    ({ sql }, at) => `coalesce((${sql} - ${features[at]!.mean}) / ${features[at]!.deviation}, 0)`,
  );
  return { features: [CONSTANT, ...features], sql: ['1', ...values] };
}
