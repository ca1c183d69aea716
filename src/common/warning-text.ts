/** A warning of an evaluation as a line: what it is about, and a sentence. */
export function warningText(subject: string, text: string): string {
  return `${subject}: ${text}${/[.?!]$/.test(text) ? '' : '.'}`;
}
