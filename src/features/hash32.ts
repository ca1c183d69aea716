/** The hash that spreads values over buckets and users over parts: the same number in SQL and in code. */
import { createHash } from 'node:crypto';

/** The first 8 hex digits of the md5 of the text in UTF-8, in [0, 2^32). */
export function hash32(text: string): number {
  return createHash('md5').update(text).digest().readUInt32BE(0);
}

/** The same of a SQL expression of text. */
export function hash32Sql(expression: string): string {
  return `CAST('0x' || substr(md5(${expression}), 1, 8) AS BIGINT)`;
}
