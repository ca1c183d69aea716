/** P values in text, and what to think of many of them. */

export const pText = (value: number): string => (value < 0.001 ? '< 0.001' : value.toFixed(3));

/** Below a table with so many p values of resamples, at least one. */
export function pValuesText(count: number): string {
  return `${byChanceText(count)} With 1,000 resamples none can be below 0.002.`;
}

/** What chance alone makes of so many p values, at least one. */
export function byChanceText(count: number): string {
  const expected = count / 20;
  const about = expected < 1 ? expected.toFixed(1) : String(Math.round(expected));
  return count === 1
    ? 'One p value in twenty lies below 0.05 by chance alone.'
    : `Of ${count} p values about ${about} would lie below 0.05 by chance alone.`;
}
