/** Which way a metric is good, and what a difference between two models says then. */

/** Metrics by the names that they have before `[task]`. */
const LESS_IS_BETTER: readonly string[] = ['logLoss', 'normalisedEntropy', 'ece'];

/** For tables in which a reader sees numbers of both ways. */
export const DIRECTION_TEXT =
  'Less is better of log loss, normalised entropy and calibration error; predicted / observed is best at 1.';

/** How far a value is from the best that there can be; null of a metric that is neither good nor bad. */
export function badness(name: string, value: number): number | null {
  if (name === 'eceByChance') return null;
  if (name === 'predictedOverObserved') return Math.abs(value - 1);
  return LESS_IS_BETTER.includes(name) ? value : -value;
}

export interface Paired {
  readonly value: number;
  readonly other: number;
  /** 95 % of `value - other`; null without a bootstrap. */
  readonly interval: { readonly low: number; readonly high: number } | null;
}

export type Verdict = 'better' | 'worse' | 'not told apart' | 'other side of 1';

/**
 * What `value` is beside `other`; null without an interval, and of a metric that is neither good nor bad. An interval of a difference does
 * not say which of two ratios is nearer to 1 when that lies between them.
 */
export function verdictOf(name: string, { value, other, interval }: Paired): Verdict | null {
  const [mine, others] = [badness(name, value), badness(name, other)];
  if (!interval || mine === null || others === null) return null;
  if (interval.low <= 0 && interval.high >= 0) return 'not told apart';
  if (name === 'predictedOverObserved' && (value - 1) * (other - 1) < 0) return 'other side of 1';
  return mine < others ? 'better' : 'worse';
}
