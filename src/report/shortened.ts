/** Names in charts, where there is room for so much and no more. */

export function shortened(text: string, length: number): string {
  const signs = [...text];
  return signs.length <= length ? text : `${signs.slice(0, length - 1).join('')}\u2026`;
}
