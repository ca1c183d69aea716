/** An input file as DuckDB reads it: what stands behind FROM, and the SQL of each column's text. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { escapeGlob, quoteIdentifier, quoteLiteral } from '../../common/sql.js';
import { instantSql } from '../../features/time-sql.js';

export interface Relation {
  readonly from: string;
  /** VARCHAR; NULL where there is nothing. */
  text(column: string): string;
  /** Microseconds since 1970 of a column that has a type of its own for times; undefined for any other. */
  instant(column: string, timeZone: string): string | undefined;
  /** True for a row that is no row: a blank line. */
  readonly isBlank?: string;
  /** True for a row that can't be read at all. */
  readonly isMalformed?: string;
}

export interface CsvText {
  readonly path: string;
  readonly hasHeader: boolean;
  /** Whether each line ends in \n; DuckDB finds out for itself otherwise. */
  readonly isCopy: boolean;
  readonly delimiter: number;
  readonly quote: number;
  readonly names: readonly string[];
}

/** Malformed rows are left out by DuckDB: who uses this counts the rows. */
export function csvRelation(csv: CsvText): Relation {
  return {
    from: readCsv(csv, csv.names.length),
    text: (column) => `c${csv.names.indexOf(column)}`,
    instant: () => undefined,
    ...(csv.names.length === 1 && { isBlank: 'c0 IS NULL' }),
  };
}

/**
 * JSON lines: each line is read as one field, then looked into for `columns`. Numbers keep their text; a list under
 * one of `separators` is joined by it.
 */
export function jsonRelation(
  csv: Omit<CsvText, 'names' | 'hasHeader'>,
  columns: readonly string[],
  separators: Readonly<Record<string, string>>,
): Relation {
  const pointers = columns.map((name) =>
    quoteLiteral(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
  return {
    from: `(SELECT c0, CASE WHEN json_valid(c0) AND starts_with(ltrim(c0), '{')
      THEN json_extract_string(c0, [${pointers.join(', ')}]) END AS v
      FROM ${readCsv({ ...csv, hasHeader: false }, 1)})`,
    text: (column) => {
      const value = `v[${columns.indexOf(column) + 1}]`;
      const separator = separators[column];
      return separator === undefined
        ? `nullif(${value}, '')`
        : `nullif(CASE WHEN starts_with(${value}, '[') AND json_valid(${value})
            THEN array_to_string(from_json(${value}, '["VARCHAR"]'), ${quoteLiteral(separator)})
            ELSE ${value} END, '')`;
    },
    instant: () => undefined,
    isBlank: 'c0 IS NULL',
    isMalformed: 'v IS NULL',
  };
}

/** `types` are those of `parquetColumns`. Lists are joined by their separator, as in JSON lines. */
export function parquetRelation(
  path: string,
  types: ReadonlyMap<string, string>,
  separators: Readonly<Record<string, string>>,
): Relation {
  return {
    from: `read_parquet(${quoteLiteral(escapeGlob(path))})`,
    text: (column) => {
      const name = quoteIdentifier(column);
      const separator = separators[column];
      return separator !== undefined && types.get(column)!.endsWith(']')
        ? `nullif(array_to_string(CAST(${name} AS VARCHAR[]), ${quoteLiteral(separator)}), '')`
        : `nullif(CAST(${name} AS VARCHAR), '')`;
    },
    instant: (column, timeZone) => {
      const type = types.get(column)!;
      const name = quoteIdentifier(column);
      if (type === 'TIMESTAMP WITH TIME ZONE') return instantSql(name, true, timeZone);
      if (!/^(TIMESTAMP|DATE)/.test(type)) return undefined;
      return instantSql(`CAST(${name} AS TIMESTAMP)`, false, timeZone);
    },
  };
}

/** Name -> DuckDB's name of its type. */
export async function parquetColumns(
  connection: DuckDBConnection,
  path: string,
): Promise<ReadonlyMap<string, string>> {
  const described = await connection.runAndReadAll(
    `DESCRIBE SELECT * FROM read_parquet(${quoteLiteral(escapeGlob(path))})`,
  );
  return new Map(described.getRows().map(([name, type]) => [String(name), String(type)]));
}

function readCsv(csv: Omit<CsvText, 'names'>, fields: number): string {
  const types = Array.from({ length: fields }, (_, index) => `c${index}: 'VARCHAR'`);
  const quote = quoteLiteral(csv.quote === -1 ? '' : String.fromCharCode(csv.quote));
  const delimiter = quoteLiteral(String.fromCharCode(csv.delimiter));
  return `read_csv(${quoteLiteral(escapeGlob(csv.path))}, auto_detect = false, header = ${csv.hasHeader},
    compression = 'none', delim = ${delimiter}, quote = ${quote}, escape = ${quote}, comment = '', nullstr = '',
    ignore_errors = true, ${csv.isCopy ? `new_line = '\\n', ` : ''}columns = {${types.join(', ')}})`;
}
