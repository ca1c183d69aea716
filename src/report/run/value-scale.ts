/** The scale of an axis that begins near the lowest value, not at 0. */

/** Of one value alone it needs a range, in the middle of which that lies. */
export function valueScale(values: readonly number[]) {
  const [first = 0] = values;
  const spread = Math.abs(first) / 20 || 0.01;
  return values.every((value) => value === first)
    ? { domain: [first - spread, first + spread], zero: false }
    : { zero: false, nice: true };
}
