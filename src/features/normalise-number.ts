/** A number as a unit of a vector: (value - mean) / deviation, within bounds, and 0 where there is none. */
import type { NumberManifest } from '../common/prepared.js';

/** Deviations from the mean at most: an outlier beyond would drown all that a model adds it to. */
const BOUND = 10;

/** The natural logarithm is taken first where the scale is log: what has none is missing. */
export function normaliseNumber(
  value: number | null,
  { mean, deviation }: Pick<NumberManifest, 'mean' | 'deviation'>,
  scale: 'linear' | 'log' = 'linear',
): number {
  if (value === null || (scale === 'log' && !(value > 0))) return 0;
  const scaled = scale === 'log' ? Math.log(value) : value;
  return Math.max(-BOUND, Math.min(BOUND, (scaled - mean) / deviation));
}

/** The same in SQL, of an expression that is NULL where there is no number; the scale is in the expression. */
export function normalisedSql(
  value: string,
  { mean, deviation }: Pick<NumberManifest, 'mean' | 'deviation'>,
): string {
  // Inside, as least and greatest pass over a NULL.
  return `greatest(-${BOUND}, least(${BOUND}, coalesce((${value} - (${mean})) / ${deviation}, 0)))`;
}
