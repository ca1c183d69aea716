/** Which way of writing times is meant by `auto`: that which reads most of the first times of the table. */
import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import { quoteLiteral } from '../common/sql.js';
import { END_OF_TIME_US, timeSql } from './time-sql.js';

interface Candidate {
  readonly format: string;
  /** What a text has to look like besides being readable: numbers are readable in several ways. */
  readonly looks?: string;
}

/** Milliseconds from 1973 on; as seconds they would be in the year 5138. */
const MILLISECONDS_FROM = '1e11';
/** 1973 as well: smaller numbers are days without a year (0604), or count from some other moment. */
const SECONDS_FROM = '1e8';

/** Of those that read equally many times, the first. */
const candidates: readonly Candidate[] = [
  { format: 'iso' },
  { format: '%Y-%m-%d %H:%M:%S' },
  { format: '%Y-%m-%d %H:%M' },
  { format: '%Y-%m-%d %H', looks: String.raw`\d{4}-\d{1,2}-\d{1,2} \d{1,2}` },
  { format: '%Y%m%d', looks: String.raw`\d{8}` },
  { format: '%Y%m%d%H', looks: String.raw`\d{10}` },
  { format: '%Y%m%d%H%M', looks: String.raw`\d{12}` },
  { format: '%Y%m%d%H%M%S', looks: String.raw`\d{14}` },
  { format: '%Y%m%d %H', looks: String.raw`\d{8} \d{1,2}` },
  { format: '%Y%m%d %H%M%S', looks: String.raw`\d{8} \d{6}` },
  { format: '%Y%m%d %H:%M:%S' },
  { format: '%Y/%m/%d %H:%M:%S' },
  { format: '%Y/%m/%d %H:%M' },
  { format: '%Y/%m/%d %H', looks: String.raw`\d{4}/\d{1,2}/\d{1,2} \d{1,2}` },
  { format: '%Y/%m/%d', looks: String.raw`\d{4}/\d{1,2}/\d{1,2}` },
  { format: 'seconds' },
  { format: 'milliseconds' },
];

/** Times without a year; months before days, where both can be. */
const yearless: readonly string[] = ['-', '/', '.'].flatMap((separator) =>
  [`%m${separator}%d`, `%d${separator}%m`].flatMap((day) => [
    day,
    `${day} %H`,
    `${day} %H:%M`,
    `${day} %H:%M:%S`,
  ]),
);

/** Days with the year last. With points between them days come first; otherwise months may too, as days up to 12 don't tell. */
const yearLast: readonly string[] = ['%d.%m.%Y', '%d/%m/%Y', '%m/%d/%Y', '%d-%m-%Y', '%m-%d-%Y'].flatMap(
  (day) => [day, `${day} %H:%M`, `${day} %H:%M:%S`, `${day} %I:%M %p`, `${day} %I:%M:%S %p`],
);

/** The pattern of month and day that reads every one of `texts`; undefined for none, and without texts. */
export async function guessYearlessFormat(
  connection: DuckDBConnection,
  texts: readonly string[],
): Promise<string | undefined> {
  // Of a leap year, so that no day is missing.
  const [pattern] = await readingAll(connection, texts, ['%m%d', ...yearless], 2000);
  return pattern;
}

/** The patterns with the year last that read every one of `texts`: two where months and days can't be told apart. */
export const guessYearLastFormats = (
  connection: DuckDBConnection,
  texts: readonly string[],
): Promise<readonly string[]> => readingAll(connection, texts, yearLast);

/** None without texts. */
async function readingAll(
  connection: DuckDBConnection,
  texts: readonly string[],
  patterns: readonly string[],
  year?: number,
): Promise<readonly string[]> {
  const reads = patterns.map((pattern) => `count(${timeSql('t', pattern, 'UTC', year)})`);
  const result = await connection.runAndReadAll(
    `SELECT count(*), ${reads.join(', ')} FROM (SELECT unnest($1) AS t) WHERE t <> ''`,
    [listValue([...texts])],
    [LIST(VARCHAR)],
  );
  const [all, ...read] = result.getRows()[0]!.map(Number);
  return patterns.filter((_, at) => all! > 0 && read[at] === all);
}

/**
 * The format for `timeSql` that reads most of `texts`, times within 1970 .. 2106 (numbers within 1973 .. 2106); undefined when none reads at least
 * half of them. Days before months or months before days are never guessed: they need a pattern.
 */
export async function guessTimeFormat(
  connection: DuckDBConnection,
  texts: readonly string[],
): Promise<string | undefined> {
  // Most tables are written in the first one, and so many expressions take longer than all else that is looked at.
  const [first, ...others] = candidates;
  const [ofFirst] = await countReadable(connection, texts, [first!]);
  if (ofFirst! > 0 && ofFirst === texts.length) return first!.format;
  const read = [ofFirst!, ...(await countReadable(connection, texts, others))];
  const most = Math.max(...read);
  return most > 0 && 2 * most >= texts.length ? candidates[read.indexOf(most)]!.format : undefined;
}

async function countReadable(
  connection: DuckDBConnection,
  texts: readonly string[],
  formats: readonly Candidate[],
): Promise<readonly number[]> {
  const counts = formats.map(({ format, looks }) => {
    const isTime = [`${timeSql('t', format, 'UTC')} BETWEEN 0 AND ${END_OF_TIME_US - 1n}`];
    if (looks) isTime.push(`regexp_full_match(t, ${quoteLiteral(looks)})`);
    if (format === 'seconds') {
      isTime.push(`TRY_CAST(t AS DOUBLE) >= ${SECONDS_FROM}`, `TRY_CAST(t AS DOUBLE) < ${MILLISECONDS_FROM}`);
    }
    if (format === 'milliseconds') isTime.push(`TRY_CAST(t AS DOUBLE) >= ${MILLISECONDS_FROM}`);
    return `count(*) FILTER (${isTime.join(' AND ')})`;
  });
  const result = await connection.runAndReadAll(
    `SELECT ${counts.join(', ')} FROM (SELECT unnest($1) AS t)`,
    [listValue([...texts])],
    [LIST(VARCHAR)],
  );
  return result.getRows()[0]!.map(Number);
}
