/** The words of a search query: the same in SQL (regular expressions of RE2) and in code. */
import { UserError } from '../common/errors.js';
import { quoteLiteral } from '../common/sql.js';
import type { QueryConfig } from '../config/schema.js';

type Tokens = QueryConfig['tokens'];

/** Of one token, in RE2; `\\s` knows the white space of ASCII only. */
export function tokenPattern(tokens: Tokens): string {
  switch (tokens) {
    case 'whitespace':
      return '[^\\s\\p{Z}]+';
    case 'characters':
      return '[^\\s\\p{Z}]';
    default:
      return tokens.pattern;
  }
}

/** The list of the words of a text expression; some may be empty, which are none. */
export function tokensSql(text: string, tokens: Tokens): string {
  return `regexp_extract_all(lower(nfc_normalize(${text})), ${quoteLiteral(tokenPattern(tokens))})`;
}

/**
 * The same in code, without the empty ones.
 * @throws UserError for a pattern that only RE2 understands
 */
export function tokeniser(tokens: Tokens): (text: string) => string[] {
  const pattern = tokenPattern(tokens);
  let expression: RegExp;
  try {
    expression = new RegExp(asciiSpaces(pattern), 'gu');
  } catch (cause) {
    throw new UserError(
      `Cannot cut queries into words: features.query.tokens.pattern must be a regular expression of RE2 and of JavaScript, got ${pattern}`,
      { cause },
    );
  }
  return (text) => (lower(text.normalize('NFC')).match(expression) ?? []).filter((word) => word !== '');
}

const ASCII_SPACES = '\\t\\n\\f\\r ';

/** `\\s` with the meaning that it has in RE2. */
function asciiSpaces(pattern: string): string {
  let inClass = false;
  return pattern.replaceAll(/\\.|[[\]]/gsu, (part) => {
    if (part === '[') inClass = true;
    else if (part === ']') inClass = false;
    else if (part === '\\s') return inClass ? ASCII_SPACES : `[${ASCII_SPACES}]`;
    else if (part === '\\S' && !inClass) return `[^${ASCII_SPACES}]`;
    return part;
  });
}

/** Character by character, as SQL does it: a capital that becomes two characters, or a sigma that ends a word, is no exception. */
function lower(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text.toLowerCase();
  let result = '';
  for (const character of text) {
    const small = character.toLowerCase();
    result += String.fromCodePoint(small.codePointAt(0)!);
  }
  return result;
}
