/** Slices of a count by ranges of it. */

export interface CountRanges {
  /** `0`, `1`, `2-4`, `100+` by code. */
  readonly values: readonly string[];
  codeOf(count: number): number;
}

/** `starts` rise from 0: the first count of each range, the last one open. */
export function countRanges(starts: readonly number[]): CountRanges {
  const values = starts.map((start, at) => {
    const next = starts[at + 1];
    if (next === undefined) return `${start}+`;
    return next === start + 1 ? `${start}` : `${start}-${next - 1}`;
  });
  return { values, codeOf: (count) => starts.findLastIndex((start) => start <= count) };
}
