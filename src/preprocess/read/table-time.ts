/** How the times of a table are written: as the config says, or as its first times look. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf, UserError } from '../../common/errors.js';
import {
  guessTimeFormat,
  guessYearLastFormats,
  guessYearlessFormat,
} from '../../features/guess-time-format.js';
import { timeSql } from '../../features/time-sql.js';
import { decodeRecord } from './header.js';
import { type OpenedFile, parseObject } from './open-file.js';
import { readingParquet } from './reading-parquet.js';
import { HEAD_RECORDS, headRecords } from './scan-file.js';
import type { TableSpec } from './table-spec.js';

/**
 * The format for `timeSql`; undefined while `auto` can't be told, as the file has no times or has them in a type of
 * its own.
 * @throws UserError for times that no known format reads, and for a pattern that is none.
 */
export function tableTimeFormat(
  connection: DuckDBConnection,
  spec: TableSpec,
  file: OpenedFile,
): Promise<string | undefined> {
  return timeFormatOf(connection, spec, file.input.shownPath, () => headTimes(connection, spec, file));
}

/** The same of a file whose first times, as text, are asked for where they are needed. */
export async function timeFormatOf(
  connection: DuckDBConnection,
  spec: TableSpec,
  shownPath: string,
  firstTimes: () => Promise<readonly string[]>,
): Promise<string | undefined> {
  const { format, columns } = spec.time!;
  if (format !== 'auto') {
    await connection.run(`SELECT ${timeSql(`''`, format, 'UTC')}`).catch((error: unknown) => {
      throw new UserError(
        `Cannot read the times of the table \`${spec.name}\`: required a strptime pattern, got ${format}: ${messageOf(error)}`,
        { cause: error },
      );
    });
    return format;
  }
  const times = await firstTimes();
  if (times.length === 0) return undefined;
  const guessed = await guessTimeFormat(connection, times);
  if (guessed !== undefined) return guessed;
  throw new UserError(
    `Cannot tell how the times of the table \`${spec.name}\` are written: the column ${columns.join(' + ')} holds ` +
      `${JSON.stringify(times[0])} (${shownPath}); ${await remedyFor(connection, times)}`,
  );
}

/** What to set for times that `auto` doesn't read. */
async function remedyFor(connection: DuckDBConnection, times: readonly string[]): Promise<string> {
  const yearLast = await guessYearLastFormats(connection, times);
  if (yearLast.length > 0) {
    const [days, months] = yearLast.map((pattern) => `\`format: "${pattern}"\``);
    return `set ${days}${months ? `, or ${months} where months come first,` : ''} beside the column of the time`;
  }
  const yearless = await guessYearlessFormat(connection, times);
  if (yearless !== undefined)
    return `set \`format: "${yearless}"\` beside the column of the time, and its \`year\``;
  return 'set the `format` of the time (%d %m %Y %H %M %S), and its `year` where it has none';
}

/** The times of the first records, as text; none where they have a type of their own. */
async function headTimes(
  connection: DuckDBConnection,
  spec: TableSpec,
  file: OpenedFile,
): Promise<readonly string[]> {
  const { columns } = spec.time!;
  if (file.columns.length === 0) return [];
  if (!file.text) {
    if (columns.length === 1 && file.relation.instant(columns[0]!, 'UTC')) return [];
    const joined = columns.map((column) => file.relation.text(column)).join(` || ' ' || `);
    const head = await readingParquet(file.input, () =>
      connection.runAndReadAll(
        `SELECT time FROM (SELECT ${joined} AS time FROM ${file.relation.from}) WHERE time IS NOT NULL LIMIT ${HEAD_RECORDS}`,
      ),
    );
    return head.getRows().map(([time]) => String(time));
  }
  const { kind } = file;
  const records = await headRecords(file.text.file);
  return records.flatMap(({ text }) => {
    const object = kind.format === 'jsonl' ? (parseObject(text) ?? {}) : {};
    const fields = kind.format === 'csv' ? decodeRecord(text, kind) : [];
    const parts = columns.map((column) =>
      kind.format === 'csv' ? fields[file.columns.indexOf(column)]! : String(object[column] ?? ''),
    );
    return parts.includes('') ? [] : [parts.join(' ')];
  });
}
