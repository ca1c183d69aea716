/**
 * Where the next record of a CSV ends and whether it is well-formed: RFC 4180, and a quote inside an unquoted field
 * is a character like any other. The bytes are looked at, never copied or decoded.
 */

/** `delimiter` and `quote` are bytes below 128; `quote` is -1 for a format that has none. */
export interface Dialect {
  readonly delimiter: number;
  readonly quote: number;
  readonly fields: number;
}

export type Problem =
  | 'wrong number of fields'
  | 'unclosed quote'
  | 'text after a closing quote'
  | 'stray carriage return'
  | 'bad UTF-8'
  | 'line too long';

/** What `findRecord` found; one object is filled again and again. */
export interface FoundRecord {
  /** Behind the line end, where the next record starts. -1: the window ends before the record does. */
  next: number;
  /** Behind the last byte of the record, its line end left out. */
  end: number;
  fields: number;
  /** Line breaks inside quotes. */
  innerLines: number;
  problem: Problem | undefined;
  lineEnd: LineEnd;
  /** A field starts with blanks and a quote, which other readers take for a quoted field. */
  oddQuotes: boolean;
}

export type LineEnd = '\n' | '\r\n' | '';

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;

const PLAIN = 0;
const DELIMITER = 1;
const LINE_FEED = 2;
const CARRIAGE_RETURN = 3;
const QUOTE = 4;

export function emptyRecord(): FoundRecord {
  return { next: 0, end: 0, fields: 0, innerLines: 0, problem: undefined, lineEnd: '', oddQuotes: false };
}

/** The class of each byte: which ones the loop over a record has to look at. */
export function byteClasses(dialect: Dialect): Uint8Array {
  const classes = new Uint8Array(256);
  classes[dialect.delimiter] = DELIMITER;
  if (dialect.quote >= 0) classes[dialect.quote] = QUOTE;
  classes[LF] = LINE_FEED;
  classes[CR] = CARRIAGE_RETURN;
  return classes;
}

/**
 * Finds the record that starts at `start` and may reach to `length`, where the file ends if `isLast`.
 * A quote that is never closed, or closed some lines later where no field can end, costs its first line alone: the
 * next record starts on the line after it.
 */
export function findRecord(
  bytes: Uint8Array,
  start: number,
  length: number,
  isLast: boolean,
  dialect: Dialect,
  classes: Uint8Array,
  found: FoundRecord,
): void {
  let fields = 1;
  let innerLines = 0;
  let fieldStart = start;
  let position = start;
  found.problem = undefined;
  found.oddQuotes = false;
  found.lineEnd = '';
  for (;;) {
    if (position >= length) {
      if (!isLast) {
        found.next = -1;
        return;
      }
      found.end = length;
      found.next = length;
      break;
    }
    const kind = classes[bytes[position++]!]!;
    if (kind === PLAIN) continue;
    if (kind === DELIMITER) {
      fields++;
      fieldStart = position;
    } else if (kind === LINE_FEED) {
      found.end = position - 1;
      found.next = position;
      found.lineEnd = '\n';
      break;
    } else if (kind === CARRIAGE_RETURN) {
      if (position >= length && !isLast) continue;
      // At the very end of a file it is a line end that was cut in two.
      if (position >= length || bytes[position] === LF) {
        found.end = position - 1;
        found.next = Math.min(position + 1, length);
        found.lineEnd = '\r\n';
        break;
      }
      found.problem = 'stray carriage return';
    } else if (position - 1 > fieldStart) {
      if (isBlank(bytes, fieldStart, position - 1)) found.oddQuotes = true;
    } else {
      const closed = closingQuote(bytes, position, length, dialect.quote);
      // The byte after a quote tells whether it closes the field.
      if (!isLast && (closed === -1 || closed + 1 >= length)) {
        found.next = -1;
        return;
      }
      if (closed === -1) {
        endAtFirstLine(bytes, start, length, found, 'unclosed quote');
        return;
      }
      const inner = countLines(bytes, position, closed);
      innerLines += inner;
      position = closed + 1;
      if (position < length && classes[bytes[position]!] === PLAIN) {
        const line = bytes.indexOf(LF, position);
        if (innerLines === 0 && !isLast && (line === -1 || line >= length)) {
          found.next = -1;
          return;
        }
        const problem = innerLines === 0 ? 'text after a closing quote' : 'unclosed quote';
        endAtFirstLine(bytes, start, length, found, problem);
        return;
      }
    }
  }
  found.fields = fields;
  found.innerLines = innerLines;
  if (found.problem !== undefined || fields === dialect.fields) return;
  found.problem = 'wrong number of fields';
  // A first line that is whole by itself has a quote too many, rather than a text of several lines.
  if (innerLines > 0 && fieldsOfFirstLine(bytes, start, length, dialect.delimiter) === dialect.fields) {
    endAtFirstLine(bytes, start, length, found, 'unclosed quote');
  }
}

/** Cuts the record off at the end of its first line. */
export function endAtFirstLine(
  bytes: Uint8Array,
  start: number,
  length: number,
  found: FoundRecord,
  problem: Problem,
): void {
  const line = bytes.indexOf(LF, start);
  const end = line === -1 || line >= length ? length : line;
  const carriageReturn = end > start && bytes[end - 1] === CR;
  found.next = Math.min(end + 1, length);
  found.end = carriageReturn ? end - 1 : end;
  found.lineEnd = end === length ? '' : carriageReturn ? '\r\n' : '\n';
  found.innerLines = 0;
  found.problem = problem;
}

/** Where the quote is that closes a field whose text starts at `position`; -1 if there is none. */
function closingQuote(bytes: Uint8Array, position: number, length: number, quote: number): number {
  for (let at = position; at < length; at++) {
    if (bytes[at] !== quote) continue;
    if (at + 1 >= length || bytes[at + 1] !== quote) return at;
    at++;
  }
  return -1;
}

function countLines(bytes: Uint8Array, start: number, end: number): number {
  let lines = 0;
  for (let at = start; at < end; at++) if (bytes[at] === LF) lines++;
  return lines;
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== SPACE && bytes[at] !== TAB) return false;
  return true;
}

function fieldsOfFirstLine(bytes: Uint8Array, start: number, length: number, delimiter: number): number {
  let fields = 1;
  for (let at = start; at < length && bytes[at] !== LF; at++) if (bytes[at] === delimiter) fields++;
  return fields;
}
