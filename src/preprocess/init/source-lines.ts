/** The YAML of a guessed table: its files, the columns that the config names, how its times are written. */
import { relative, resolve } from 'node:path';
import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import { stringify } from 'yaml';
import {
  guessTimeFormat,
  guessYearLastFormats,
  guessYearlessFormat,
} from '../../features/guess-time-format.js';
import { timeSql } from '../../features/time-sql.js';
import { guessRoles, looksLikeData, type Role, type Roles } from './guess-roles.js';
import { type SampledFile, sampleFile } from './sample-file.js';

export const TODO = 'TODO';

export interface GuessedTable {
  readonly file: SampledFile;
  readonly roles: Roles;
  /** Names of the columns, made up where the file has no header. */
  readonly names: readonly string[];
}

const MADE_UP: Readonly<Partial<Record<Role, string>>> = {
  user: 'user_id',
  item: 'item_id',
  request: 'request_id',
};

export async function guessTable(
  connection: DuckDBConnection,
  path: string,
  wanted: readonly Role[],
): Promise<GuessedTable> {
  const file = await sampleFile(connection, resolve(path), looksLikeData);
  const roles = await guessRoles(connection, file, wanted);
  if (file.hasHeader) return { file, roles, names: file.columns };
  const names = file.rows[0]!.map((_, column) => {
    const role = (Object.keys(roles) as Role[]).find((one) => roles[one]!.column === column);
    return role ? (MADE_UP[role] ?? role) : `column_${column + 1}`;
  });
  return { file, roles, names };
}

/** Where the file is and how it is divided. */
export function sourceLines({ file, names }: GuessedTable, root: string): string[] {
  const lines = [`files: ${scalar(pathFrom(root, file.path))}`];
  if (!file.hasHeader) {
    lines.push(
      `columns: [${names.map(scalar).join(', ')}] # ${TODO}: no header line, so the names are guesses`,
    );
  }
  if (file.delimiter !== undefined) lines.push(`delimiter: ${JSON.stringify(file.delimiter)}`);
  if (file.quote !== undefined) lines.push(`quote: ${JSON.stringify(file.quote)}`);
  return lines;
}

/** The column of a role under the key; nothing where it is the default of the key. */
export function columnLine(table: GuessedTable, role: Role, key: string, byDefault: string): string[] {
  const guess = table.roles[role];
  if (!guess) return [`${key}: ${TODO} # ${whichOf(table)}`];
  const name = table.names[guess.column]!;
  if (guess.isByContent && table.file.hasHeader)
    return [`${key}: ${scalar(name)} # ${TODO}: guessed from its values`];
  return name === byDefault ? [] : [`${key}: ${scalar(name)}`];
}

export async function timeLine(connection: DuckDBConnection, table: GuessedTable): Promise<string> {
  const { file, roles, names } = table;
  const day = roles.time?.column;
  if (day === undefined) return `time: ${TODO} # ${whichOf(table)}`;
  if (file.isTime[day]) return `time: ${scalar(names[day]!)}`;
  const hasClock = file.rows.some((row) => /[ T:]/.test(row[day]!));
  const hour = hasClock ? -1 : names.findIndex((name) => /^hours?$/i.test(name));
  const columns = hour < 0 ? [day] : [day, hour];
  const texts = file.rows.map((row) => columns.map((column) => row[column]).join(' '));
  const format = await guessTimeFormat(
    connection,
    texts.filter((text) => text.trim() !== ''),
  );
  const value =
    columns.length === 1
      ? `column: ${scalar(names[day]!)}`
      : `columns: [${columns.map((column) => scalar(names[column]!)).join(', ')}]`;
  const [yearLast, other] = format === undefined ? await guessYearLastFormats(connection, texts) : [];
  const read = format ?? yearLast;
  const yearless = read ?? (await guessYearlessFormat(connection, texts));
  if (read === undefined && yearless !== undefined) {
    return `time: { ${value}, format: ${scalar(yearless)}, year: ${TODO} } # ${TODO}: the year of times such as ${JSON.stringify(texts[0])}`;
  }
  if (read === undefined) {
    return `time: { ${value}, format: "%d/%m/%Y %H:%M:%S" } # ${TODO}: the pattern of times such as ${JSON.stringify(texts[0])}`;
  }
  const sure = roles.time!.isByContent && file.hasHeader ? `${TODO}: guessed from its values; ` : '';
  const doubt =
    other === undefined ? '' : `${TODO}: days first, or months first (${JSON.stringify(other)}); `;
  const [first, last] = await daysOf(connection, texts, read);
  return `time: { ${value}, format: ${scalar(read)} } # ${sure}${doubt}such as ${JSON.stringify(texts[0])}; here from ${first} to ${last}`;
}

/** First and last day of the texts that can be read, in UTC. */
async function daysOf(
  connection: DuckDBConnection,
  texts: readonly string[],
  format: string,
): Promise<readonly [first: string, last: string]> {
  const result = await connection.runAndReadAll(
    `SELECT min(us), max(us) FROM (SELECT ${timeSql('t', format, 'UTC')} AS us FROM (SELECT unnest($1) AS t))`,
    [listValue([...texts])],
    [LIST(VARCHAR)],
  );
  const day = (us: unknown) => new Date(Number((us as bigint) / 1000n)).toISOString().slice(0, 10);
  const [first, last] = result.getRows()[0]!;
  return [day(first), day(last)];
}

/** Columns that no line names. */
export function unusedLine(table: GuessedTable, used: readonly string[]): string[] {
  const unused = table.names.filter((name) => !used.includes(name));
  return unused.length === 0
    ? []
    : [`# columns that nothing uses: ${unused.map((name) => JSON.stringify(name)).join(', ')}`];
}

/** A text as YAML writes it in a flow. */
export function scalar(text: string): string {
  return stringify([text], { collectionStyle: 'flow', lineWidth: 0 })
    .trim()
    .replace(/^\[ /, '')
    .replace(/ \]$/, '');
}

export function pathFrom(folder: string, path: string): string {
  return relative(folder, path) || '.';
}

function whichOf({ names }: GuessedTable): string {
  return `${TODO}: which of ${names.map((name) => JSON.stringify(name)).join(', ')}?`;
}
