/**
 * Input files as Spark reads them: text line by line, each line a record, as a record of several lines can only be found by
 * reading all that comes before it. What a line is follows the same rules as in src/preprocess/read/find-record.ts.
 */
import type { FileKind } from '../read/file-format.js';
import type { Problem } from '../read/find-record.js';
import type { Relation } from '../read/relation.js';
import { MAX_RECORD_BYTES } from '../read/scan-file.js';
import { fullMatch, sparkIdentifier, sparkLiteral } from './quoting.js';
import { sparkInstantSql } from './spark-time.js';

/**
 * A relation whose rows also have, with dupn_ before them, `file`, `block`, `number` (the place of the row), `problem` (why it is no record, or
 * NULL), `fields` (how many a line has) and `shown` (the row as a text).
 */
export type SparkRelation = Relation;

/** The columns of every such relation beside what the rules read. */
export const BESIDE = [
  'dupn_file',
  'dupn_block',
  'dupn_number',
  'dupn_problem',
  'dupn_fields',
  'dupn_shown',
] as const;

/** `rows` is a FROM clause with `value`, `dupn_file`, `dupn_block` and `dupn_number` of each line. */
export function sparkCsv(
  rows: string,
  kind: FileKind,
  names: readonly string[],
  hasUtf8Check: boolean,
): SparkRelation {
  const lines = linesSql(rows);
  const shape = kind.quote === -1 ? plainShape(kind) : quotedShape(kind);
  const isBlank = `line = ''`;
  const problem = problemSql(
    [
      ...shape.quoteProblems,
      ['stray carriage return', shape.hasCarriageReturn],
      ['wrong number of fields', `size(cells) <> ${names.length}`],
    ],
    hasUtf8Check,
  );
  return {
    from: `(SELECT *, CASE WHEN NOT ${isBlank} THEN ${problem} END AS dupn_problem, size(cells) AS dupn_fields, ${shownSql(hasUtf8Check)} AS dupn_shown
      FROM (SELECT *, ${shape.cells} AS cells FROM ${lines}))`,
    text: (column) => `nullif(${shape.text(`cells[${names.indexOf(column)}]`)}, '')`,
    instant: () => undefined,
    // In a table of one column an empty text is no row either.
    isBlank:
      names.length === 1
        ? `${isBlank} OR (dupn_problem IS NULL AND ${shape.text('cells[0]')} = '')`
        : isBlank,
  };
}

/** JSON lines, looked into for `columns`; a list under one of `separators` is joined by it. */
export function sparkJson(
  rows: string,
  columns: readonly string[],
  separators: Readonly<Record<string, string>>,
  hasUtf8Check: boolean,
): SparkRelation {
  const fields = columns.map((column) => `${sparkIdentifier(column)}: STRING`);
  const options = {
    mode: 'PERMISSIVE',
    columnNameOfCorruptRecord: CORRUPT,
    allowSingleQuotes: 'false',
    allowNonNumericNumbers: 'false',
  };
  const given = Object.entries(options).flatMap((option) => option.map(sparkLiteral));
  const type = sparkLiteral(`STRUCT<${[...fields, `${CORRUPT}: STRING`].join(', ')}>`);
  const problem = problemSql(
    [
      ['stray carriage return', `contains(line, '\\r')`],
      ['malformed JSON' as Problem, `contains(line, '\\u0001')`],
    ],
    hasUtf8Check,
  );
  return {
    from: `(SELECT *, ${problem} AS dupn_problem, 1 AS dupn_fields, ${shownSql(hasUtf8Check)} AS dupn_shown,
        CASE WHEN startswith(ltrim(line), '{') THEN from_json(line, ${type}, map(${given.join(', ')})) END AS v
      FROM ${linesSql(rows)})`,
    text: (column) => {
      const value = `v.${sparkIdentifier(column)}`;
      const separator = separators[column];
      if (separator === undefined) return `nullif(${value}, '')`;
      // A text may start like a list.
      const list = `from_json(${value}, 'ARRAY<STRING>')`;
      return `nullif(CASE WHEN startswith(${value}, '[')
        THEN coalesce(array_join(${list}, ${sparkLiteral(separator)}), ${value}) ELSE ${value} END, '')`;
    },
    instant: () => undefined,
    isBlank: `line = ''`,
    isMalformed: `dupn_problem IS NULL AND (v IS NULL OR v.${CORRUPT} IS NOT NULL)`,
  };
}

const CORRUPT = 'dupn_corrupt';

/** `types` are Spark's names of them; `rows` also has the columns of the files. */
export function sparkParquet(
  rows: string,
  types: ReadonlyMap<string, string>,
  separators: Readonly<Record<string, string>>,
): SparkRelation {
  const every = [...types.keys()].map(sparkIdentifier).join(', ');
  return {
    from: `(SELECT *, CAST(NULL AS STRING) AS dupn_problem, 0 AS dupn_fields, to_json(struct(${every}), map('ignoreNullFields', 'false')) AS dupn_shown FROM ${rows})`,
    text: (column) => {
      const name = sparkIdentifier(column);
      const separator = separators[column];
      return separator !== undefined && types.get(column)!.startsWith('array<')
        ? `nullif(array_join(CAST(${name} AS ARRAY<STRING>), ${sparkLiteral(separator)}), '')`
        : `nullif(${floatSql(name, types.get(column)!)}, '')`;
    },
    instant: (column, timeZone) => {
      const micros = `unix_micros(CAST(${sparkIdentifier(column)} AS TIMESTAMP))`;
      switch (types.get(column)) {
        case 'timestamp':
          return micros;
        case 'timestamp_ntz':
        case 'date':
          return sparkInstantSql(micros, timeZone);
        default:
          return undefined;
      }
    },
  };
}

/** Up to these, whole numbers are what they are. */
const LARGEST_WHOLE: Readonly<Record<string, string>> = { double: '9007199254740991D', float: '16777215D' };

/** A column as a text. Whole numbers, which may be ids, have all of their digits: Java writes 1.2345678E7 from 10^7 on. */
function floatSql(name: string, type: string): string {
  const text = `CAST(${name} AS STRING)`;
  const largest = LARGEST_WHOLE[type];
  if (largest === undefined) return text;
  return `CASE WHEN abs(${name}) BETWEEN 1e7 AND ${largest} AND ${name} % 1 = 0
    THEN CAST(CAST(${name} AS BIGINT) AS STRING) || '.0' ELSE ${text} END`;
}

/** Lines without the carriage return of their end: cut off as a byte, which bytes before it that are no UTF-8 would count among theirs. */
const linesSql = (rows: string) =>
  `(SELECT dupn_file, dupn_block, dupn_number, CASE WHEN endswith(value, '\\r') THEN CAST(substr(CAST(value AS BINARY), 1, octet_length(value) - 1) AS STRING) ELSE value END AS line FROM ${rows})`;

/** `hasUtf8Check`: of Spark 4. */
const isUtf8Sql = (hasUtf8Check: boolean) =>
  hasUtf8Check
    ? 'is_valid_utf8(line)'
    : `encode(decode(CAST(line AS BINARY), 'UTF-8'), 'UTF-8') = CAST(line AS BINARY)`;

/** U+FFFD for bytes that are no UTF-8. */
const shownSql = (hasUtf8Check: boolean) =>
  hasUtf8Check ? 'make_valid_utf8(line)' : `decode(CAST(line AS BINARY), 'UTF-8')`;

function problemSql(
  found: readonly (readonly [problem: Problem, condition: string])[],
  hasUtf8Check: boolean,
): string {
  const all: readonly (readonly [Problem, string])[] = [
    ['line too long', `octet_length(line) > ${MAX_RECORD_BYTES}`],
    ...found,
    ['bad UTF-8', `NOT ${isUtf8Sql(hasUtf8Check)}`],
  ];
  return `CASE ${all.map(([problem, condition]) => `WHEN ${condition} THEN ${sparkLiteral(problem)}`).join(' ')} END`;
}

/** How a line is divided. */
interface Shape {
  /** Its fields as they stand there. */
  readonly cells: string;
  /** The text of a field. */
  text(cell: string): string;
  readonly hasCarriageReturn: string;
  readonly quoteProblems: readonly (readonly [Problem, string])[];
}

const regexByte = (byte: number) => `\\x${byte.toString(16).padStart(2, '0')}`;

function plainShape({ delimiter }: FileKind): Shape {
  return {
    cells: `split(line, ${sparkLiteral(regexByte(delimiter))}, -1)`,
    text: (cell) => cell,
    hasCarriageReturn: `contains(line, '\\r')`,
    quoteProblems: [],
  };
}

function quotedShape({ delimiter, quote }: FileKind): Shape {
  const [d, q] = [regexByte(delimiter), regexByte(quote)];
  const separator = sparkLiteral(String.fromCharCode(delimiter));
  const mark = sparkLiteral(String.fromCharCode(quote));
  const marks = sparkLiteral(String.fromCharCode(quote, quote));
  // Possessive, as what is matched is never given back: a long line would take forever, or overflow the stack.
  const quoted = `${q}[^${q}]*+(?:${q}${q}[^${q}]*+)*+${q}`;
  // A carriage return behind a closing quote is a problem of its own, and not the end of the field.
  const closed = `${quoted}(?:\\r[^${d}]*+)?`;
  const field = `(?:${closed}(?=${d}|\\z)|(?!${q})[^${d}]*+)`;
  const isPlain = `NOT contains(line, ${mark})`;
  const isBroken = `(startswith(cell, ${mark}) AND NOT ${fullMatch('cell', closed)})`;
  const hasTextBehind = `(${separator} || line) RLIKE ${sparkLiteral(`^(?:${d}${field})*+${d}${quoted}`)}`;
  const broken = `(NOT (${isPlain}) AND exists(cells, cell -> ${isBroken}))`;
  return {
    cells: `CASE WHEN ${isPlain} THEN split(line, ${sparkLiteral(d)}, -1)
      ELSE regexp_extract_all(${separator} || line, ${sparkLiteral(`${d}(${closed}(?=${d}|\\z)|[^${d}]*+)`)}, 1) END`,
    text: (cell) =>
      `CASE WHEN startswith(${cell}, ${mark}) THEN replace(substr(${cell}, 2, length(${cell}) - 2), ${marks}, ${mark}) ELSE ${cell} END`,
    hasCarriageReturn: `contains(line, '\\r') AND exists(cells, cell -> contains(cell, '\\r') AND NOT ${fullMatch('cell', quoted)})`,
    quoteProblems: [
      ['text after a closing quote', `${broken} AND ${hasTextBehind}`],
      ['unclosed quote', broken],
    ],
  };
}
