/** Text of data on a terminal: what would move the cursor, colour what follows or turn its direction is shown escaped. */

/** Controls (C0, C1), breaks of lines, marks that turn the direction of text, halves of characters, byte order marks. */
const HARMFUL = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** On one line: `a\n` for a line break, `\x1b` for an escape. */
export function printable(text: string): string {
  return text.replace(HARMFUL, escaped);
}

/** Of several lines: their ends stay. */
export function printableLines(text: string): string {
  return text.replace(HARMFUL, (character) => (character === '\n' ? '\n' : escaped(character)));
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return (
    SHORT[character] ??
    (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
  );
}
