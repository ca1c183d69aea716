/** How a time is written, as the Spark SQL that reads it: what `timeSql` is for DuckDB (src/features/time-sql.ts), case by case. */
import { UserError } from '../../common/errors.js';
import { sparkLiteral } from './quoting.js';

const SECOND_US = 1_000_000;
const DAY_US = 86_400 * SECOND_US;

/** By how much clocks are put back, in seconds: a local time within so much after it comes twice. */
const PUT_BACK = [7200, 3600, 1800];

/** Microseconds since 1970 (BIGINT) of a text; NULL for what is no such time. @throws UserError for a pattern that is not read. */
export function sparkTimeSql(text: string, format: string, timeZone: string, year?: number): string {
  switch (format) {
    case 'iso':
      return isoSql(text, timeZone);
    case 'seconds':
      return numberSql(text, 6);
    case 'milliseconds':
      return numberSql(text, 3);
    default:
      return patternSql(text, format, timeZone, year);
  }
}

/** Microseconds of UTC of microseconds on the clock of a zone: one that it skips is moved forward, of one that comes twice the later. */
export function sparkInstantSql(localUs: string, timeZone: string): string {
  if (timeZone === 'UTC') return localUs;
  const zone = sparkLiteral(timeZone);
  const utc = `unix_micros(to_utc_timestamp(timestamp_micros(${localUs}), ${zone}))`;
  const later = PUT_BACK.map((seconds) => {
    const moment = `${utc} + ${seconds * SECOND_US}`;
    return `WHEN unix_micros(from_utc_timestamp(timestamp_micros(${moment}), ${zone})) = ${localUs} THEN ${moment}`;
  });
  return `CASE ${later.join(' ')} ELSE ${utc} END`;
}

/** Of a date as YYYY-MM-DD, numbers of the clock (texts, empty for 0), and the digits of the fraction of a second. */
function localUsSql(date: string, hour: string, minute: string, second: string, fraction: string): string {
  const number = (digits: string) => `coalesce(CAST(${digits} AS BIGINT), 0L)`;
  const [h, m, s] = [number(hour), number(minute), number(second)];
  const days = `CAST(unix_date(TRY_CAST(${date} AS DATE)) AS BIGINT)`;
  const us = `CAST(rpad(substr(${fraction}, 1, 6), 6, '0') AS BIGINT)`;
  // The day may end at 24:00.
  const ofDay = `((${h} * 3600 + ${m} * 60 + ${s}) * ${SECOND_US} + ${us})`;
  return `CASE WHEN ${m} < 60 AND ${s} < 60 AND ${ofDay} <= ${DAY_US}L THEN ${days} * ${DAY_US}L + ${ofDay} END`;
}

/** What an offset such as +08:00, +0530, +08:00:30 or Z is ahead of UTC, in microseconds. */
function offsetUsSql(offset: string): string {
  const digits = `replace(substr(${offset}, 2), ':', '')`;
  const part = (from: number) => `coalesce(CAST(nullif(substr(${digits}, ${from}, 2), '') AS BIGINT), 0L)`;
  const seconds = `(${part(1)} * 3600 + ${part(3)} * 60 + ${part(5)})`;
  return `CASE substr(${offset}, 1, 1) WHEN '+' THEN ${seconds} WHEN '-' THEN -${seconds} ELSE 0L END * ${SECOND_US}`;
}

const PLAIN = String.raw`^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}\z`;
const ISO = String.raw`^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?)?(?: ?(Z|[+-]\d{2}(?::?\d{2})?))?\z`;

function isoSql(text: string, timeZone: string): string {
  const at = (from: number, length: number) => `substr(${text}, ${from}, ${length})`;
  const plain = localUsSql(at(1, 10), at(12, 2), at(15, 2), at(18, 2), `''`);
  const part = (group: number) => `regexp_extract(${text}, ${sparkLiteral(ISO)}, ${group})`;
  const local = localUsSql(part(1), part(2), part(3), part(4), part(5));
  // The common form first: a regular expression with groups is slow.
  return `CASE WHEN ${text} RLIKE ${sparkLiteral(PLAIN)} THEN ${sparkInstantSql(`(${plain})`, timeZone)}
    WHEN NOT ${text} RLIKE ${sparkLiteral(ISO)} THEN NULL
    WHEN ${part(6)} = '' THEN ${sparkInstantSql(`(${local})`, timeZone)}
    ELSE (${local}) - (${offsetUsSql(part(6))}) END`;
}

/** `digits` is that of the fraction: 6 for seconds, 3 for milliseconds. */
function numberSql(text: string, digits: 3 | 6): string {
  const unit = 10 ** digits;
  const whole = `TRY_CAST(${text} AS BIGINT)`;
  const largest = 10 ** (18 - digits) - 1;
  return `CASE WHEN contains(${text}, '_') THEN NULL
    WHEN contains(${text}, '.') OR contains(${text}, 'e') OR contains(${text}, 'E')
    THEN CAST(TRY_CAST(${text} AS DECIMAL(18, ${digits})) * ${unit} AS BIGINT)
    ELSE CASE WHEN ${whole} BETWEEN -${largest}L AND ${largest}L THEN ${whole} END * ${unit} END`;
}

/** What a part of a strptime pattern matches: as many digits as there are, of which none is given back to the next part. */
const PARTS: Readonly<Record<string, string>> = {
  Y: String.raw`\d{1,4}+`,
  y: String.raw`\d{1,2}+`,
  m: String.raw`\d{1,2}+`,
  d: String.raw`\d{1,2}+`,
  H: String.raw`\d{1,2}+`,
  I: String.raw`\d{1,2}+`,
  M: String.raw`\d{1,2}+`,
  S: String.raw`\d{1,2}+`,
  f: String.raw`\d{1,6}+`,
  p: '[AaPp][Mm]',
  b: '[A-Za-z]{3}',
  z: String.raw`[+-]\d{2}(?::?\d{2}(?::\d{2})?)?`,
};

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function patternSql(text: string, format: string, timeZone: string, year: number | undefined): string {
  const groups: string[] = [];
  const refuse = (part: string) =>
    new UserError(
      `Cannot read times by the pattern ${format} with preprocess.engine: spark: it reads ` +
        `${Object.keys(PARTS)
          .map((known) => `%${known}`)
          .join(' ')}, got ${part}`,
    );
  const regex = format.replaceAll(/%-?(.?)|[ \t\n\v\f\r]+|[^%]/gs, (part, letter?: string) => {
    if (/^\s/.test(part)) return String.raw`\s++`;
    if (letter === undefined) return part.replace(/[\\^$.|?*+()[\]{}]/, '\\$&');
    if (letter === '%') return '%';
    const matched = PARTS[letter];
    if (matched === undefined || groups.includes(letter)) throw refuse(part);
    groups.push(letter);
    return `(${matched})`;
  });
  const pattern = sparkLiteral(String.raw`^\s*${regex}\s*\z`);
  // Of a month and a day as one number, the zero before the month may have got lost: 604.
  const written =
    year !== undefined && format === '%m%d'
      ? `CASE length(${text}) WHEN 3 THEN '0' || ${text} ELSE ${text} END`
      : text;
  const part = (letter: string, missing: string) =>
    groups.includes(letter)
      ? `regexp_extract(${written}, ${pattern}, ${groups.indexOf(letter) + 1})`
      : missing;
  const date = [yearSql(part, year), monthSql(part), part('d', `'1'`)].join(` || '-' || `);
  const local = localUsSql(`(${date})`, hourSql(part), part('M', `''`), part('S', `''`), part('f', `''`));
  const utc = groups.includes('z')
    ? `(${local}) - (${offsetUsSql(part('z', `''`))})`
    : sparkInstantSql(`(${local})`, timeZone);
  return `CASE WHEN ${written} RLIKE ${pattern} THEN ${utc} END`;
}

type Part = (letter: string, missing: string) => string;

function yearSql(part: Part, year: number | undefined): string {
  const short = part('y', '');
  // As C has it: 69 to 99 are of the last century.
  if (short !== '')
    return `(CASE WHEN CAST(${short} AS INT) >= 69 THEN '19' ELSE '20' END || lpad(${short}, 2, '0'))`;
  return `lpad(${part('Y', `'${year ?? 1900}'`)}, 4, '0')`;
}

function monthSql(part: Part): string {
  const name = part('b', '');
  if (name === '') return part('m', `'1'`);
  const cases = MONTHS.map((month, at) => `WHEN '${month}' THEN '${at + 1}'`);
  return `CASE lower(${name}) ${cases.join(' ')} END`;
}

function hourSql(part: Part): string {
  const half = part('p', '');
  const ofHalf = part('I', '');
  const hour = ofHalf || part('H', '');
  if (hour === '') return `''`;
  const number = `CAST(${hour} AS INT)`;
  const range = `${ofHalf ? 1 : 0} AND ${ofHalf || half ? 12 : 23}`;
  const ofDay = half ? `${number} % 12 + CASE WHEN lower(${half}) = 'pm' THEN 12 ELSE 0 END` : number;
  return `(CASE WHEN ${number} BETWEEN ${range} THEN CAST(${ofDay} AS STRING) ELSE '99' END)`;
}
