/** How a time is written, as the SQL that reads it. */
import { quoteLiteral } from '../common/sql.js';

/** A time is stored in 32 bits of seconds. */
export const END_OF_TIME_US = 4_294_967_296_000_000n;

const localIso = String.raw`\d{4}-\d{2}-\d{2}([ T]\d{2}(:\d{2}(:\d{2}([.,]\d+)?)?)?)?`;
const fullIso = String.raw`\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)?`;
const offset = String.raw`Z|[+-]\d{2}(:?\d{2})?`;

/**
 * SQL for microseconds since 1970 (BIGINT) of the text expression `text`; NULL for what is no such time. `format` is
 * iso, seconds, milliseconds or a strptime pattern of DuckDB.
 *
 * - iso: 2017-11-25, then optionally T or a blank, the hour, the minute, the second, a fraction (point or comma), and
 *   Z or an offset (+08, +0800, +08:00, a blank before it or not). What is finer than a microsecond is cut off.
 * - seconds, milliseconds: integers and decimal fractions, also 1511544070.0 and 1.511544070e9.
 * - patterns: `year` is that of a pattern that has none.
 * - Times without an offset are local times of `timeZone`: one that a change of the clocks skips is moved forward by
 *   the gap, one that comes twice is the later of the two.
 */
export function timeSql(text: string, format: string, timeZone: string, year?: number): string {
  switch (format) {
    case 'iso':
      return isoSql(text, timeZone);
    case 'seconds':
      return numberSql(text, 6);
    case 'milliseconds':
      return numberSql(text, 3);
    default: {
      const [written, pattern] =
        year === undefined ? [text, format] : [datedSql(text, format, year), `%Y ${format}`];
      return instantSql(`try_strptime(${written}, ${quoteLiteral(pattern)})`, hasOffset(format), timeZone);
    }
  }
}

/** The text with the year before it. Of a month and a day as one number, the zero before the month may have got lost: 604. */
function datedSql(text: string, format: string, year: number): string {
  const written =
    format === '%m%d' ? `CASE length(${text}) WHEN 3 THEN '0' || ${text} ELSE ${text} END` : text;
  return `'${year} ' || ${written}`;
}

/** Microseconds since 1970 of a TIMESTAMP, or of a TIMESTAMP WITH TIME ZONE if `isAbsolute`. */
export function instantSql(timestamp: string, isAbsolute: boolean, timeZone: string): string {
  return isAbsolute || timeZone === 'UTC'
    ? `epoch_us(${timestamp})`
    : `epoch_us(timezone(${quoteLiteral(timeZone)}, ${timestamp}))`;
}

function isoSql(text: string, timeZone: string): string {
  const local = (value: string) => instantSql(`TRY_CAST(${value} AS TIMESTAMP)`, false, timeZone);
  const absolute = (value: string) => `epoch_us(TRY_CAST(${value} AS TIMESTAMPTZ))`;
  const full = (value: string) =>
    `replace(CASE length(${value}) WHEN 13 THEN ${value} || ':00' ELSE ${value} END, ',', '.')`;
  const split = `^(.{10}[^Z+-]*?) ?(${offset})$`;
  const localPart = `regexp_extract(${text}, ${quoteLiteral(split)}, 1)`;
  const offsetPart = `regexp_extract(${text}, ${quoteLiteral(split)}, 2)`;
  // The common forms first: comparing is much cheaper than a regular expression.
  return `CASE
    WHEN ${text} LIKE '____-__-__ __:__:__' OR ${text} LIKE '____-__-__T__:__:__' THEN ${local(text)}
    WHEN ${text} LIKE '____-__-__T__:__:__%Z' AND NOT contains(${text}, ',') AND NOT contains(${text}, ' ') THEN ${absolute(text)}
    WHEN regexp_full_match(${text}, ${quoteLiteral(localIso)}) THEN ${local(full(text))}
    WHEN regexp_full_match(${text}, ${quoteLiteral(`${fullIso}(${offset})`)}) THEN ${absolute(text)}
    WHEN regexp_full_match(${text}, ${quoteLiteral(`${localIso} ?(${offset})`)})
    THEN epoch_us(TRY_CAST(${full(localPart)} AS TIMESTAMP))
      + ${absolute(`'1970-01-01 00:00:00' || replace(${offsetPart}, 'Z', '+00')`)}
    END`;
}

/** `digits` is that of the fraction: 6 for seconds, 3 for milliseconds. Exact to the microsecond. */
function numberSql(text: string, digits: 3 | 6): string {
  const unit = 10 ** digits;
  const whole = `TRY_CAST(${text} AS BIGINT)`;
  // The least number has no abs().
  const largest = 10 ** (18 - digits) - 1;
  const decimal = `TRY_CAST(${text} AS DECIMAL(18, ${digits}))`;
  // Decimals of 38 digits are twenty times slower. The whole part comes from the decimal, so that the fraction alone
  // is a floating point number, wrong by less than half a microsecond.
  return `CASE
    WHEN contains(${text}, '_') THEN NULL
    WHEN contains(${text}, '.') OR contains(${text}, 'e') OR contains(${text}, 'E')
    THEN CAST(floor(${decimal}) AS BIGINT) * ${unit}
      + CAST(round((CAST(${decimal} AS DOUBLE) - CAST(floor(${decimal}) AS DOUBLE)) * ${unit}) AS BIGINT)
    ELSE CASE WHEN ${whole} BETWEEN -${largest} AND ${largest} THEN ${whole} END * ${unit} END`;
}

function hasOffset(pattern: string): boolean {
  return /%[zZ]/.test(pattern.replaceAll('%%', ''));
}
