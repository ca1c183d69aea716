/** Numbers of pages as text. */

/** Four digits; null stays null, which tables show as a dash. */
export function fixed(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : value.toFixed(4);
}

export function intervalText(
  interval: { readonly low: number; readonly high: number } | null | undefined,
): string | null {
  return interval ? `${interval.low.toFixed(4)} .. ${interval.high.toFixed(4)}` : null;
}

export function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
