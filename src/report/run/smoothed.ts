/** A curve without its saw: each value the mean of its neighbours. */

/** Neighbours to each side, of so many values one; and at most. */
const SHARE = 12;
const MOST = 8;

/** A centred mean that narrows towards both ends, so that they stay what they are. */
export function smoothed(values: readonly number[]): number[] {
  const widest = Math.min(MOST, Math.round(values.length / SHARE));
  return values.map((_, at) => {
    const radius = Math.min(widest, at, values.length - 1 - at);
    const near = values.slice(at - radius, at + radius + 1);
    return near.reduce((sum, value) => sum + value, 0) / near.length;
  });
}
