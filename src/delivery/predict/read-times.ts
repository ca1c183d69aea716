/** Times as they are written in files, read as preprocess reads them. */
import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import { UserError } from '../../common/errors.js';
import type { TimeColumn } from '../../config/schema.js';
import { guessTimeFormat } from '../../features/guess-time-format.js';
import { END_OF_TIME_US, timeSql } from '../../features/time-sql.js';

/** Texts by which a format is told. */
const LOOKED_AT = 1000;

/** Microseconds since 1970 of each text; null for what is no such time. */
export type ReadTimes = (texts: readonly string[]) => Promise<(number | null)[]>;

/** A format that the config does not name is told from the first texts. @throws UserError when that cannot be told */
export function timeReader(
  connection: DuckDBConnection,
  { columns, format, timeZone, year }: TimeColumn,
): ReadTimes {
  let known = format === 'auto' ? undefined : format;
  return async (texts) => {
    if (texts.length === 0) return [];
    known ??= await guessTimeFormat(connection, texts.slice(0, LOOKED_AT));
    if (known === undefined) {
      throw new UserError(
        `Cannot tell how the times in ${columns.join(' + ')} are written, such as ${JSON.stringify(texts[0])}; set the \`format\` of the time in the config`,
      );
    }
    // Rows of one request have the same.
    const distinct = [...new Set(texts)];
    const reader = await connection.runAndReadAll(
      `SELECT ${timeSql('t', known, timeZone, year)} FROM (SELECT unnest($1) AS t)`,
      [listValue(distinct)],
      [LIST(VARCHAR)],
    );
    const times = new Map(
      reader.getRows().map(([us], at) => {
        const inRange = typeof us === 'bigint' && us >= 0n && us < END_OF_TIME_US;
        return [distinct[at]!, inRange ? Number(us) : null];
      }),
    );
    return texts.map((text) => times.get(text)!);
  };
}
