/** The scale of an axis that begins near the lowest value, not at 0. */

/**
 * Of one value alone it needs a range, in the middle of which that lies; values that differ by less than `leastSpan` have one as
 * wide, so that noise does not fill the chart.
 */
export function valueScale(values: readonly number[], leastSpan = 0) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = Math.max(high - low, leastSpan || (low === high ? Math.abs(low) / 10 || 0.02 : 0));
  if (high - low >= span) return { zero: false, nice: true };
  const middle = (low + high) / 2;
  return { domain: [middle - span / 2, middle + span / 2], zero: false, nice: true };
}
