/** Lengths at which arrays of any length meet: at most an eighth longer, and few different ones (`Collectives`). */
export function paddedLength(length: number): number {
  if (length <= 16) return Math.max(1, length);
  const step = 2 ** (Math.floor(Math.log2(length)) - 3);
  return Math.ceil(length / step) * step;
}
