/** The values of a multi-valued column: each once, in the order in which they first stand, without empty ones. */
export function splitValues(text: string | null, separator: string): string[] {
  if (text === null) return [];
  return [...new Set(text.split(separator))].filter((value) => value !== '');
}
