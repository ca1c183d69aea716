/** What the two engines spell differently in the SQL of the rules of rows; the rest is one text. */
import { quoteLiteral } from '../../common/sql.js';
import { readNumberSql } from '../../features/read-number.js';
import { timeSql } from '../../features/time-sql.js';
import { wholeNumberSql } from '../../features/whole-number.js';

export interface Dialect {
  /** A text, whatever it holds. */
  literal(text: string): string;
  /** DOUBLE of an expression of text; NULL for what is no number. */
  number(text: string): string;
  /** Text without the .0 of a whole number. */
  wholeNumber(text: string): string;
  /** Microseconds since 1970 (BIGINT) of an expression of text; NULL for what is no such time. */
  time(text: string, format: string, timeZone: string, year: number | undefined): string;
}

export const duckdbDialect: Dialect = {
  literal: quoteLiteral,
  number: readNumberSql,
  wholeNumber: wholeNumberSql,
  time: timeSql,
};
