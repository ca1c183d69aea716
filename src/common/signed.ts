/** Differences in text: four digits, with their sign. */

/** -0.0000 would claim a direction that the digits don't show. */
export function signed(value: number): string {
  const text = value.toFixed(4);
  if (Number(text) === 0) return '0.0000';
  return value > 0 ? `+${text}` : text;
}

export function signedInterval({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${signed(low)} .. ${signed(high)}`;
}
