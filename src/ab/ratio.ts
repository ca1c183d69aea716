/**
 * A metric that is a ratio of sums over users, and its standard error by the delta method with the user as the unit (Deng, Knoblich
 * and Lu 2018): of r = mean(y) / mean(x), var(r) = (var(y) - 2 r cov(x, y) + r^2 var(x)) / (n mean(x)^2).
 */

/** Of the users of a variant: y is counted for each x, such as clicks for each impression; a mean has x = 1. */
export interface Moments {
  readonly users: number;
  readonly meanX: number;
  readonly meanY: number;
  readonly varianceX: number;
  readonly varianceY: number;
  readonly covariance: number;
}

export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

/** Null where nothing was counted by, and of fewer than two users. */
export function ratioOf(moments: Moments): Estimate | null {
  const { users, meanX, meanY, varianceX, varianceY, covariance } = moments;
  if (users < 2 || meanX === 0) return null;
  const value = meanY / meanX;
  const variance = (varianceY - 2 * value * covariance + value ** 2 * varianceX) / (users * meanX ** 2);
  return { value, standardError: Math.sqrt(Math.max(0, variance)) };
}
