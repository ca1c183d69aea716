/** The ranking features of a task: normalised by the training samples, after one that every sample has. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { RankingFeature } from '../../common/prepared.js';
import { type NumberColumn, normalise } from '../normalise.js';

/** The head has no intercept of its own. */
const CONSTANT: RankingFeature = { name: 'constant', mean: 0, deviation: 1 };

export interface NormalisedFeatures {
  readonly features: readonly RankingFeature[];
  /** An expression for each feature over the rows of `from`. */
  readonly sql: readonly string[];
}

/**
 * `columns` are SQL expressions over the rows of `from` (a FROM clause with a WHERE), in which `training` tells the rows whose
 * mean and deviation count. A feature without a value in them has mean 0; one of `carried` keeps its unit.
 */
export async function normaliseFeatures(
  connection: DuckDBConnection,
  columns: readonly NumberColumn[],
  from: string,
  training: string,
  carried: readonly RankingFeature[] = [],
): Promise<NormalisedFeatures> {
  const { statistics, sql } = await normalise(connection, columns, `${from} AND ${training}`, carried);
  return { features: [CONSTANT, ...statistics], sql: ['1', ...sql] };
}
