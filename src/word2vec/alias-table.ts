/** Draws from any distribution over 0 .. n - 1 in constant time: the alias method (Walker 1977, Vose 1991). */

export interface AliasTable {
  /** Chance of a slot to stand for itself, [n]. */
  readonly own: Float64Array;
  /** What it stands for otherwise, [n]. */
  readonly other: Int32Array;
}

/** `weights` are not negative, and one at least is above 0. */
export function aliasTable(weights: Float64Array): AliasTable {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) throw new RangeError('an alias table needs a weight above 0');
  const n = weights.length;
  const own = weights.map((weight) => (weight * n) / total);
  const other = Int32Array.from(own.keys());
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < n; i++) (own[i]! < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const [less, more] = [small.pop()!, large.pop()!];
    other[less] = more;
    own[more] = own[more]! + own[less]! - 1;
    (own[more]! < 1 ? small : large).push(more);
  }
  // What rounding leaves over stands for itself.
  for (const i of [...small, ...large]) own[i] = 1;
  return { own, other };
}

/** `u` is uniform in [0, 1); its whole part chooses the slot, the rest between the slot and its alias. */
export function drawFrom({ own, other }: AliasTable, u: number): number {
  const scaled = u * own.length;
  const slot = Math.floor(scaled);
  return scaled - slot < own[slot]! ? slot : other[slot]!;
}
