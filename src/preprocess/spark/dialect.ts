/** The rules of rows as Spark spells them: the same results as those of DuckDB. */
import type { Dialect } from '../read/dialect.js';
import { fullMatch, sparkLiteral } from './quoting.js';
import { sparkTimeSql } from './spark-time.js';

const BLANKS = String.raw`[ \t\n\x0B\f\r]*`;
const NUMBER = String.raw`${BLANKS}[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?${BLANKS}`;

function numberSql(text: string): string {
  // Java reads 1f and 1d too.
  const number = `CASE WHEN ${fullMatch(text, NUMBER)} THEN TRY_CAST(${text} AS DOUBLE) END`;
  return `CASE WHEN lower(${text}) = 'true' THEN 1D WHEN lower(${text}) = 'false' THEN 0D
    WHEN abs(${number}) < CAST('Infinity' AS DOUBLE) THEN ${number} END`;
}

export const sparkDialect: Dialect = {
  literal: sparkLiteral,
  number: numberSql,
  wholeNumber: (text) => `regexp_replace(${text}, ${sparkLiteral(String.raw`^(-?\d+)\.0+\z`)}, '$1')`,
  time: sparkTimeSql,
};
