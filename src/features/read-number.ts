/** Texts that stand for numbers. */

/** As DuckDB's TRY_CAST to DOUBLE reads them, but for what is not finite, and 1_000. */
const NUMBER = /^[ \t\n\v\f\r]*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[ \t\n\v\f\r]*$/i;

/** Null for what is none, or beyond all bounds. True and false are 1 and 0, since pandas writes labels so. */
export function readNumber(text: string): number | null {
  if (/^true$/i.test(text)) return 1;
  if (/^false$/i.test(text)) return 0;
  if (!NUMBER.test(text)) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** The same in SQL, of an expression. */
export function readNumberSql(text: string): string {
  const number = `TRY_CAST(${text} AS DOUBLE)`;
  return `CASE WHEN contains(${text}, '_') THEN NULL WHEN lower(${text}) = 'true' THEN 1
    WHEN lower(${text}) = 'false' THEN 0 WHEN isfinite(${number}) THEN ${number} END`;
}
