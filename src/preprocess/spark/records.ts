/**
 * The rows of a table on the cluster: written once with their place and verdict, then numbered, counted and put in order. Rows are
 * numbered without a window over all of them: files are read in blocks, a row's place in its block is known where it is read,
 * and the blocks, which are few, are counted up here.
 */
import { UserError } from '../../common/errors.js';
import type { RowCounts } from '../../common/prepared.js';
import { countVerdicts } from '../read/count-rows.js';
import { MAX_LISTED } from '../read/rejects-file.js';
import { BLANK, columnTypes, lastRejection, rowRules, selectRows, tableColumns } from '../read/row-rules.js';
import { neededColumns, type TableSpec } from '../read/table-spec.js';
import { sparkDialect } from './dialect.js';
import type { SparkInput } from './layouts.js';
import { sparkLiteral } from './quoting.js';
import { BESIDE, type SparkRelation, sparkCsv, sparkJson, sparkParquet } from './relation.js';
import type { SparkSession } from './session.js';

/** Files that are read by one statement: with the number of each among all. */
type Group = readonly { readonly input: SparkInput; readonly number: number }[];

/** Those that are written alike, and of which the rules are the same. */
export function groupsOf(spec: TableSpec, inputs: readonly SparkInput[]): Group[] {
  const groups = new Map<string, { input: SparkInput; number: number }[]>();
  for (const [number, input] of inputs.entries()) {
    const { kind, columns, types, shownPath } = input;
    const isKnown = spec.filter?.covered?.files.has(shownPath) ?? false;
    const key = JSON.stringify([kind, kind.format === 'jsonl' ? [] : columns, [...(types ?? [])], isKnown]);
    const group = groups.get(key);
    if (group) group.push({ input, number });
    else groups.set(key, [{ input, number }]);
  }
  return [...groups.values()];
}

/** What writes the rows of a query to a folder of the staging. */
export const writeSql = (folder: string, query: string) =>
  `INSERT OVERWRITE DIRECTORY ${sparkLiteral(folder)} USING parquet ${query}`;

/** What `writeRecords` writes, before the columns of the table. */
const RECORD_COLUMNS = [
  'file INT',
  'block BIGINT',
  'number BIGINT',
  'problem STRING',
  'fields INT',
  'shown STRING',
  'verdict INT',
];

/** Every row with its place, what the rules say of it, and its text where it is rejected. */
export async function writeRecords(
  spark: SparkSession,
  spec: TableSpec,
  group: Group,
  timeFormat: string,
  folder: string,
): Promise<void> {
  const [{ input: first }] = group as [Group[number]];
  const isParquet = first.kind.format === 'parquet';
  const paths = group.map(({ input }) => input.path);
  const names = await spark.read('dupn_files', isParquet ? 'parquet' : 'text', paths, true);
  checkNames(group, names);
  const files = group.flatMap(({ number }, at) =>
    names[at]!.map((name) => `(${sparkLiteral(name)}, ${number})`),
  );
  const rows = `(SELECT /*+ BROADCAST(f) */ ${isParquet ? 'r.*' : 'r.value'}, f.file AS dupn_file${isParquet ? '' : ', r.dupn_block, r.dupn_number'}
    FROM dupn_files r LEFT JOIN (VALUES ${files.join(', ')}) AS f(path, file) ON f.path = r.dupn_path)`;
  const selected = selectRows(
    spec,
    relationOf(spark, spec, first, rows),
    timeFormat,
    first.shownPath,
    sparkDialect,
    BESIDE,
  );
  const isRejected = `dupn_problem IS NOT NULL OR verdict BETWEEN 1 AND ${lastRejection(rowRules(spec))}`;
  const columns = [
    ...BESIDE.filter((column) => column !== 'dupn_shown').map(
      (column) => `${column} AS ${column.slice('dupn_'.length)}`,
    ),
    `CASE WHEN ${isRejected} THEN dupn_shown END AS shown`,
    'verdict',
    // Of what is not kept nothing else is asked.
    ...tableColumns(spec).map(
      (name) => `CASE WHEN dupn_problem IS NULL AND verdict = 0 THEN ${name} END AS ${name}`,
    ),
  ];
  await spark.sql(writeSql(folder, `SELECT ${columns.join(', ')} FROM (${selected})`));
}

/** @throws UserError for two files that Spark gives the same name: it may encode names, and `a b` is then `a%20b`. */
function checkNames(group: Group, names: readonly (readonly string[])[]): void {
  const named = new Map<string, SparkInput>();
  for (const [at, { input }] of group.entries()) {
    for (const name of names[at]!) {
      const other = named.get(name);
      if (other) {
        throw new UserError(
          `Cannot tell ${other.shownPath} from ${input.shownPath} with preprocess.engine: spark, which may name both ${name}: rename one`,
        );
      }
      named.set(name, input);
    }
  }
}

function relationOf(
  { version }: SparkSession,
  spec: TableSpec,
  { kind, columns, types }: SparkInput,
  rows: string,
): SparkRelation {
  const hasUtf8Check = Number.parseInt(version, 10) >= 4;
  switch (kind.format) {
    case 'csv':
      return sparkCsv(rows, kind, columns, hasUtf8Check);
    case 'jsonl':
      return sparkJson(rows, neededColumns(spec), spec.separators, hasUtf8Check);
    case 'parquet':
      return sparkParquet(rows, types!, spec.separators);
  }
}

/** Makes the views of the records, and returns a FROM clause of them with `line` (from 0, in the file) and `place` (in the table). */
export async function numberedRows(
  spark: SparkSession,
  spec: TableSpec,
  inputs: readonly SparkInput[],
  folders: readonly string[],
): Promise<string> {
  const types = { VARCHAR: 'STRING', DOUBLE: 'DOUBLE', BIGINT: 'BIGINT' } as const;
  const columns = columnTypes(spec).map(({ name, type }) => `${name} ${types[type]}`);
  await spark.read('dupn_records', 'parquet', folders, false, [...RECORD_COLUMNS, ...columns].join(', '));
  const blocks = (await spark.sql(
    'SELECT file, block, min(number), max(number), count(*) FROM dupn_records GROUP BY file, block',
  )) as (readonly [number | null, number, number, number, number])[];
  const placed: string[] = [];
  let [before, file, lines] = [0, -1, 0];
  for (const [number, block, first, last, rows] of [...blocks].sort((a, b) => a[0]! - b[0]! || a[1] - b[1])) {
    if (number === null || last - first + 1 !== rows) {
      throw new Error(
        `Spark does not tell where rows lie: file ${number}, block ${block}, ${first} to ${last}, ${rows} rows`,
      );
    }
    if (number !== file) [file, lines] = [number, 0];
    placed.push(
      `(${number}, ${block}L, ${lines - first}L, ${before - first}L, ${inputs[number]!.headerLines}L)`,
    );
    lines += rows;
    before += rows;
  }
  if (placed.length === 0) return '(SELECT *, 0L AS line, 0L AS place FROM dupn_records)';
  return `(SELECT /*+ BROADCAST(b) */ r.*, r.number + b.lines AS line, r.number + b.places AS place
    FROM dupn_records r JOIN (VALUES ${placed.join(', ')}) AS b(file, block, lines, places, header) ON b.file = r.file AND b.block = r.block
    WHERE r.number + b.lines >= b.header)`;
}

/** `rows` as `numberedRows` gives them; null without any. */
export async function countRows(
  spark: SparkSession,
  spec: TableSpec,
  rows: string | null,
): Promise<RowCounts> {
  const counted = rows
    ? ((await spark.sql(
        `SELECT problem, CASE WHEN problem IS NULL THEN verdict END AS verdict, count(*) FROM ${rows}
         WHERE verdict <> ${BLANK} GROUP BY 1, 2 ORDER BY 1, 2`,
      )) as (readonly [string | null, number | null, number])[])
    : [];
  const malformed = Object.fromEntries(
    counted.flatMap(([problem, , count]) => (problem === null ? [] : [[problem, count] as const])),
  );
  const verdicts = counted.flatMap(([, verdict, count]) =>
    verdict === null ? [] : [[verdict, count] as const],
  );
  return countVerdicts(spec, verdicts, malformed);
}

/** What is rejected, in the order of the input, as much as is listed and one more. */
export const rejectedSql = (rows: string, spec: TableSpec) =>
  `SELECT file, line, problem, fields, verdict, shown FROM ${rows}
   WHERE verdict <> ${BLANK} AND shown IS NOT NULL AND (problem IS NOT NULL OR verdict BETWEEN 1 AND ${lastRejection(rowRules(spec))})
   ORDER BY file, line LIMIT ${MAX_LISTED + 1}`;

/** In the order of the input; of rows that are equal in all columns the first, where that is asked for. */
export function keptSql(rows: string, spec: TableSpec): string {
  const columns = tableColumns(spec).join(', ');
  const kept = `(SELECT ${columns}, place FROM ${rows} WHERE problem IS NULL AND verdict = 0)`;
  const once = spec.filter?.deduplicate
    ? `(SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY ${columns} ORDER BY place) AS occurrence FROM ${kept}) WHERE occurrence = 1)`
    : kept;
  return `SELECT ${columns} FROM ${once} ORDER BY place`;
}
