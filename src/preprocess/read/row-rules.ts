/**
 * What becomes of each row, as SQL: kept, rejected or filtered, and for which reason. The verdict of a row is the
 * number of the first rule that it breaks, 0 for none.
 */
import { END_OF_TIME_US } from '../../features/time-sql.js';
import { type Dialect, duckdbDialect } from './dialect.js';
import type { Relation } from './relation.js';
import { numberColumn, type TableSpec, textColumn } from './table-spec.js';

export interface RowRule {
  readonly effect: 'reject' | 'filter';
  readonly reason: string;
  /** The column to blame; several of a time, joined by a plus. */
  readonly column: string;
}

/** The verdict on blank lines, which are no rows. */
export const BLANK = 65_535;

interface SqlRule extends RowRule {
  readonly breaks: string;
}

/** In the order of the verdicts, which start with 1. */
export function rowRules(spec: TableSpec): readonly RowRule[] {
  return sqlRules(spec, undefined, '', duckdbDialect);
}

/** INSERT of the rows of a file (by the name that the manifest has for it), with their verdicts, into the table that `createTable` made. */
export function insertRows(
  table: string,
  spec: TableSpec,
  relation: Relation,
  timeFormat: string,
  shownPath: string,
): string {
  return `INSERT INTO ${table} ${selectRows(spec, relation, timeFormat, shownPath, duckdbDialect)}`;
}

/** The rows of a relation with their `verdict`; `beside` are further columns of it. */
export function selectRows(
  spec: TableSpec,
  relation: Relation,
  timeFormat: string,
  shownPath: string,
  dialect: Dialect,
  beside: readonly string[] = [],
): string {
  const raw = [
    ...beside,
    ...spec.text.map((name) => `${cellText(spec, relation, name, dialect)} AS ${textColumn(spec, name)}`),
    ...spec.numbers.map((name) => `${relation.text(name)} AS ${rawNumber(spec, name)}`),
    ...(relation.isBlank ? [`${relation.isBlank} AS is_blank`] : []),
    ...(relation.isMalformed ? [`${relation.isMalformed} AS is_malformed`] : []),
  ];
  const read = spec.numbers.map(
    (name) => `${dialect.number(rawNumber(spec, name))} AS ${numberColumn(spec, name)}`,
  );
  if (spec.time) {
    const { columns, timeZone, year } = spec.time;
    const instant = columns.length === 1 ? relation.instant(columns[0]!, timeZone) : undefined;
    raw.push(`${columns.map((name) => relation.text(name)).join(` || ' ' || `)} AS time_text`);
    if (instant) raw.push(`${instant} AS time_us`);
    else read.push(`${dialect.time('time_text', timeFormat, timeZone, year)} AS time_us`);
  }
  const verdicts = sqlRules(spec, relation, shownPath, dialect).map(
    ({ breaks }, index) => `WHEN ${breaks} THEN ${index + 1}`,
  );
  const blank = relation.isBlank ? `WHEN is_blank THEN ${BLANK}` : '';
  return `SELECT ${[...beside, ...tableColumns(spec)].join(', ')}, CASE ${blank} ${verdicts.join(' ')} ELSE 0 END AS verdict
    FROM (SELECT *${read.map((column) => `, ${column}`).join('')} FROM (SELECT ${raw.join(', ')} FROM ${relation.from}))`;
}

/** The verdict of the last rule that rejects: the verdicts from 1 up to it are of rejected rows. */
export function lastRejection(rules: readonly RowRule[]): number {
  return rules.findLastIndex(({ effect }) => effect === 'reject') + 1;
}

export function createTable(table: string, spec: TableSpec): string {
  const columns = columnTypes(spec).map(({ name, type }) => `${name} ${type}`);
  return `CREATE TABLE ${table} (${[...columns, 'verdict USMALLINT'].join(', ')})`;
}

/** The columns of the table with their types in SQL. */
export function columnTypes(
  spec: TableSpec,
): readonly { readonly name: string; readonly type: 'VARCHAR' | 'DOUBLE' | 'BIGINT' }[] {
  const types = { t: 'VARCHAR', n: 'DOUBLE' } as const;
  return tableColumns(spec).map((name) => ({
    name,
    type: name === 'time_us' ? 'BIGINT' : types[name[0] as 't' | 'n'],
  }));
}

export function tableColumns(spec: TableSpec): readonly string[] {
  return [
    ...spec.text.map((name) => textColumn(spec, name)),
    ...spec.numbers.map((name) => numberColumn(spec, name)),
    ...(spec.time ? ['time_us'] : []),
  ];
}

/** Without a relation, the conditions are those of one that can hold malformed rows. `shownPath` is the file that the rows come from. */
function sqlRules(
  spec: TableSpec,
  relation: Relation | undefined,
  shownPath: string,
  dialect: Dialect,
): readonly SqlRule[] {
  const rules: SqlRule[] = [];
  const reject = (reason: string, column: string, breaks: string) =>
    rules.push({ effect: 'reject', reason, column, breaks });
  reject('malformed JSON', '', relation?.isMalformed ? 'is_malformed' : 'false');
  for (const name of spec.required) {
    const column = spec.numbers.includes(name) ? rawNumber(spec, name) : textColumn(spec, name);
    reject('empty value', name, `${column} IS NULL`);
  }
  if (spec.time) {
    const columns = spec.time.columns.join(' + ');
    reject('empty value', columns, 'time_text IS NULL');
    reject('bad time', columns, 'time_us IS NULL');
    reject('time out of range', columns, `(time_us < 0 OR time_us >= ${END_OF_TIME_US})`);
  }
  for (const name of spec.numbers) {
    reject(
      'bad number',
      name,
      `(${rawNumber(spec, name)} IS NOT NULL AND ${numberColumn(spec, name)} IS NULL)`,
    );
  }
  const filters = filterRules(spec, dialect);
  const covered = spec.filter?.covered;
  if (!covered) return [...rules, ...filters];
  const time = spec.time!.columns.join(' + ');
  const isBefore = `time_us < ${covered.untilUs}`;
  const isKnown = covered.files.has(shownPath);
  const isWanted = filters.map(({ breaks }) => ` AND NOT (${breaks})`).join('');
  reject(LATE, time, isKnown ? 'false' : `${isBefore}${isWanted}`);
  rules.push({ effect: 'filter', reason: COVERED, column: time, breaks: isKnown ? isBefore : 'false' });
  return [...rules, ...filters];
}

/** Of the rows of new files before the moment that earlier preparations reached, and of such rows of the files that they read. */
const LATE = 'late, its time is prepared already';
const COVERED = 'covered by an earlier preparation';

function filterRules(spec: TableSpec, { literal }: Dialect): readonly SqlRule[] {
  const rules: SqlRule[] = [];
  const filter = (reason: string, column: string, breaks: string) =>
    rules.push({ effect: 'filter', reason, column, breaks });
  for (const [name, values] of Object.entries(spec.filter?.keep ?? {})) {
    // The empty text is NULL in the table, and may be asked for.
    const column = `coalesce(${textColumn(spec, name)}, '')`;
    filter(`keep.${name}`, name, `${column} NOT IN (${values.map(literal).join(', ')})`);
  }
  const time = spec.time?.columns.join(' + ') ?? '';
  if (spec.filter?.fromUs !== undefined) filter('from', time, `time_us < ${spec.filter.fromUs}`);
  if (spec.filter?.toUs !== undefined) filter('to', time, `time_us >= ${spec.filter.toUs}`);
  return rules;
}

function cellText(spec: TableSpec, relation: Relation, name: string, dialect: Dialect): string {
  const text = relation.text(name);
  return spec.wholeNumbers && spec.separators[name] === undefined ? dialect.wholeNumber(text) : text;
}

function rawNumber(spec: TableSpec, name: string): string {
  return `raw_${numberColumn(spec, name)}`;
}
