/** The ranking features of a task: normalised by the training samples, after one that every sample has. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { RankingFeature } from '../../common/prepared.js';
import { type NumberColumn, normalise } from '../normalise.js';

/** The head has no intercept of its own. */
const CONSTANT: RankingFeature = { name: 'constant', mean: 0, deviation: 1 };

export interface NormalisedFeatures {
  readonly features: readonly RankingFeature[];
  /** An expression for each feature over the same rows as its own. */
  readonly sql: readonly string[];
}

/**
 * By mean and deviation over the rows of `training` (a FROM clause). A feature without a value in them has mean 0; one of `carried`
 * keeps its unit.
 */
export async function normaliseFeatures(
  connection: DuckDBConnection,
  columns: readonly NumberColumn[],
  training: string,
  carried: readonly RankingFeature[] = [],
): Promise<NormalisedFeatures> {
  const { statistics, sql } = await normalise(connection, columns, training, carried);
  return { features: [CONSTANT, ...statistics], sql: ['1', ...sql] };
}
