/** The checks of the data that need only its head: columns, types, times, values, and whether the tables fit together. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Progress, silentContext } from '../common/context.js';
import { messageOf, UserError } from '../common/errors.js';
import { isUri } from '../common/uri.js';
import { toEpochSeconds } from '../config/dates.js';
import type { Config, SampleSource } from '../config/schema.js';
import { propertyStrides } from '../features/property-code.js';
import { wholeNumber } from '../features/whole-number.js';
import { estimateSize, type ReadTableHead, type SizeEstimate } from './estimate-size.js';
import { targetValues } from './labels/label-columns.js';
import { labelsWithoutRoom } from './labels/room.js';
import { findInputFiles, type InputFile } from './read/input-files.js';
import { lastTimeUs } from './read/last-time.js';
import { readHead } from './read/read-head.js';
import { describeReject } from './read/reject-report.js';
import { numberColumn, type TableSpec, tableSpecs, textColumn } from './read/table-spec.js';
import { classesOf } from './requests.js';

export interface TableReport {
  /** log, items, users, entities/<entity>, samples/<task>, predictedCtr. */
  readonly name: string;
  readonly files: number;
  /** Of the files as they lie there. */
  readonly bytes: number;
  /** Of the whole table, about; exact where all rows were looked at. */
  readonly rows: number;
  readonly checkedRows: number;
  readonly rejectedBy: Readonly<Record<string, number>>;
  readonly filteredBy: Readonly<Record<string, number>>;
  /** iso, seconds, milliseconds or a pattern; undefined without a time, and for times of a type of their own. */
  readonly timeFormat: string | undefined;
  /** Of the rows looked at, as ISO 8601 in UTC. */
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  readonly unusedColumns: readonly string[];
  /** The most frequent values of the columns that are filtered by, of properties and labels, in the rows looked at. */
  readonly values: Readonly<Record<string, readonly { readonly value: string; readonly rows: number }[]>>;
}

export interface HeadReport {
  readonly tables: readonly TableReport[];
  /** What preprocess would fail for, or would leave nothing of; each with the file and line where there is one. */
  readonly problems: readonly string[];
  /** What may be meant so. */
  readonly notes: readonly string[];
  readonly estimate: SizeEstimate;
}

const MAX_VALUES = 20;
const MAX_EXAMPLES = 5;
/** Files of a table whose ends are looked at, the last ones by name. */
const MAX_TAILS = 8;

/** Reads the first thousands of rows of every input by the rules of preprocess. Never throws for what the data holds. */
export async function checkHead(
  config: Config,
  progress: Progress = silentContext.progress,
): Promise<HeadReport> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: config.preprocess.memoryLimit });
  const connection = await instance.connect();
  const temporaryFolder = await mkdtemp(join(tmpdir(), 'dupn-validate-'));
  try {
    const problems: string[] = [];
    const notes: string[] = labelsWithoutRoom(config);
    const reports: TableReport[] = [];
    const tables = new Map<string, ReadTableHead>();
    const lastTimes = new Map<string, string | null>();
    const specs = tableSpecs(config);
    const bar = progress.start('look at the tables', 0);
    for (const [number, spec] of specs.entries()) {
      bar.update(0, { table: spec.name });
      const remote = spec.source.files.find(isUri);
      if (remote !== undefined) {
        notes.push(
          `The table \`${spec.name}\` is not looked at: Spark reads ${remote}, which this machine does not see; the estimates are without it`,
        );
        continue;
      }
      try {
        const inputs = await findInputFiles(connection, spec.name, spec.source.files, config.data.root);
        const table = `head_${number}`;
        const head = await readHead(connection, spec, inputs, table, temporaryFolder);
        tables.set(spec.name, { spec, head, table });
        const bytes = inputs.reduce((sum, input) => sum + input.bytes, 0);
        const report = await describeTable(connection, config, { spec, head, table }, inputs.length, bytes);
        reports.push(report);
        if (spec.time) {
          const last = await lastTimeOf(connection, { spec, head, table }, inputs, report, temporaryFolder);
          lastTimes.set(spec.name, last);
        }
        problems.push(...head.problems);
        addRowProblems(config, { spec, head, table }, problems, notes);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        problems.push(error.message);
      }
    }
    bar.stop();
    for (const report of reports) addValueProblems(config, report, problems, notes);
    await addJoinProblems(connection, config, tables, problems, notes);
    addPeriodNote(config, lastTimes, notes);
    const estimate = await estimateSize(connection, config, tables);
    try {
      propertyStrides(estimate.fields.filter(({ group }) => group === 'properties'));
    } catch (error) {
      problems.push(messageOf(error));
    }
    return { tables: reports, problems, notes, estimate };
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

async function describeTable(
  connection: DuckDBConnection,
  config: Config,
  { spec, head, table }: ReadTableHead,
  files: number,
  bytes: number,
): Promise<TableReport> {
  const values: Record<string, { value: string; rows: number }[]> = {};
  for (const { column, sql } of shownColumns(config, spec)) {
    const counted = await connection.runAndReadAll(
      `SELECT ${sql} AS value, count(*) AS n FROM ${table} GROUP BY value ORDER BY n DESC, value LIMIT ${MAX_VALUES}`,
    );
    values[column] = counted
      .getRows()
      .map(([value, rows]) => ({ value: String(value ?? ''), rows: Number(rows) }));
  }
  const [firstUs, lastUs] = spec.time
    ? (
        await connection.runAndReadAll(`SELECT min(time_us), max(time_us) FROM ${table} WHERE verdict = 0`)
      ).getRows()[0]!
    : [null, null];
  return {
    name: spec.name,
    files,
    bytes,
    rows: head.estimatedRows,
    checkedRows: head.counts.read,
    rejectedBy: head.counts.rejectedBy,
    filteredBy: head.counts.filteredBy,
    timeFormat: head.timeFormat,
    firstTime: isoOf(firstUs),
    lastTime: isoOf(lastUs),
    unusedColumns: head.unused,
    values,
  };
}

/** Of the rows at the ends of the files; null where it cannot be told without reading all of them. */
async function lastTimeOf(
  connection: DuckDBConnection,
  { spec, head }: ReadTableHead,
  inputs: readonly InputFile[],
  { lastTime }: TableReport,
  temporaryFolder: string,
): Promise<string | null> {
  if (head.isWhole) return lastTime;
  const format = head.timeFormat ?? 'iso';
  let latestUs: bigint | null = null;
  for (const input of inputs.slice(-MAX_TAILS)) {
    const us = await lastTimeUs(connection, spec, input, format, temporaryFolder).catch((error) => {
      if (!(error instanceof UserError)) throw error;
      return null;
    });
    if (us === null) return null;
    if (latestUs === null || us > latestUs) latestUs = us;
  }
  return isoOf(latestUs);
}

const isoOf = (us: unknown) => (us === null ? null : new Date(Number((us as bigint) / 1000n)).toISOString());

/** Of dates that the config names. */
function addPeriodNote(
  { data, split }: Config,
  lastTimes: ReadonlyMap<string, string | null>,
  notes: string[],
): void {
  const { evaluationFrom } = split;
  if (evaluationFrom === undefined) return;
  const from = 1000 * toEpochSeconds(evaluationFrom, data.timeZone);
  const times = [...lastTimes].filter(([name]) => name === 'log' || name.startsWith('samples/'));
  if (times.length === 0 || times.some(([, last]) => last === null || Date.parse(last) >= from)) return;
  notes.push(
    `split.evaluationFrom (${evaluationFrom}) is after the last rows: ${times.map(([name, last]) => `${last} in ${name}`).join(', ')}; ` +
      'nothing would be left to evaluate',
  );
}

/** Columns whose values are shown: few values each, and those that a mistake in the config is seen by. */
function shownColumns(config: Config, spec: TableSpec): { column: string; sql: string }[] {
  if (spec.name === 'log') {
    const properties = Object.values(config.features.properties).flatMap(({ column }) => column ?? []);
    const valued = namedValues(config).map(({ column }) => column);
    const columns = new Set([...valued, ...properties]);
    return [...columns].map((column) => ({ column, sql: textColumn(spec, column) }));
  }
  return spec.numbers.map((column) => ({ column, sql: numberColumn(spec, column) }));
}

/** Values of columns of the log that the config names. */
function namedValues({ data, tasks }: Config) {
  const named = (key: string, columns: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(columns).map(([column, names]) => ({ key, column, names }));
  return [
    ...named('data.log.keep', data.log.keep),
    ...Object.entries(tasks).flatMap(([name, task]) => {
      const key = task.kind === 'multiclass' ? 'next' : 'positives';
      return named(`tasks.${name}.labels.${key}`, targetValues(task));
    }),
  ];
}

function addRowProblems(
  config: Config,
  { spec, head }: ReadTableHead,
  problems: string[],
  notes: string[],
): void {
  const { read, kept, rejected } = head.counts;
  if (read === 0 && head.problems.length === 0) {
    problems.push(`Cannot read the table \`${spec.name}\`: required rows, got none`);
  } else if (read > 0 && kept === 0 && rejected < read) {
    const reasons = Object.entries(head.counts.filteredBy).map(([key, rows]) => `${rows} by ${key}`);
    notes.push(`No row of the first ${read} of the table \`${spec.name}\` is kept: ${reasons.join(', ')}`);
  }
  if (rejected === 0) return;
  const examples = head.rejects.slice(0, MAX_EXAMPLES).map(describeReject);
  const more = rejected > examples.length ? [`  and ${rejected - examples.length} more`] : [];
  const text = `${rejected} of the first ${read} rows of the table \`${spec.name}\` are malformed`;
  const lines = [text, ...examples, ...more].join('\n');
  if (rejected > config.data.maxRejectRatio * read) {
    problems.push(`${lines}\n  more than data.maxRejectRatio (${config.data.maxRejectRatio}) allows`);
  } else {
    notes.push(lines);
  }
}

function addValueProblems(config: Config, report: TableReport, problems: string[], notes: string[]): void {
  const { name, values, checkedRows } = report;
  if (checkedRows === 0) return;
  if (name === 'log') {
    for (const { key, column, names } of namedValues(config)) {
      const found = values[column]!.map(({ value }) => value);
      const missing = names.filter((value) => !found.includes(value));
      if (missing.length === 0 || found.length === MAX_VALUES) continue;
      // Of a table that was read as a whole, it is among none.
      const isNowhere = missing.length === names.length && checkedRows >= report.rows;
      (isNowhere ? problems : notes).push(
        `${key}.${column}: ${missing.join(', ')} is not among the values of ${isNowhere ? 'all' : 'the first'} ${checkedRows} rows ` +
          `(${found.join(', ')})`,
      );
    }
    return;
  }
  const task = name.startsWith('samples/') ? config.tasks[name.slice('samples/'.length)] : undefined;
  if (!task || task.labels) return;
  const labels = values[task.samples.label]!.filter(({ value }) => value !== '');
  const classes = classesOf(task);
  const wrong = labels.filter(({ value }) => {
    const label = Number(value);
    return !Number.isInteger(label) || label < 0 || label >= classes;
  });
  const expected = task.kind === 'binary' ? '0 or 1' : `an integer from 0 to ${classes - 1}`;
  if (wrong.length > 0) {
    problems.push(
      `Cannot train \`${name.slice('samples/'.length)}\`: a label of the column ${task.samples.label} has to be ${expected}, ` +
        `got ${wrong.map(({ value, rows }) => `${value} (${rows} times)`).join(', ')}`,
    );
  } else if (labels.length === 1) {
    notes.push(`All labels of the first ${checkedRows} rows of \`${name}\` are ${labels[0]!.value}`);
  }
}

/** A table and its column of ids, the table that should have them and its column. */
type Join = readonly [from: string, fromColumn: string, to: string, toColumn: string];

/** Ids that are written in another way in one table than in another (12 and 12.0) join to nothing. */
async function addJoinProblems(
  connection: DuckDBConnection,
  config: Config,
  tables: ReadonlyMap<string, ReadTableHead>,
  problems: string[],
  notes: string[],
): Promise<void> {
  const { log, items, users } = config.data;
  const samples = Object.entries(config.tasks).map(([task, settings]) => {
    const source: SampleSource = settings.samples;
    const judged = settings.kind === 'multiclass' ? null : settings.candidate;
    return { table: `samples/${task}`, samples: source, judged };
  });
  const joins: Join[] = [
    ...(items ? [['log', log.item, 'items', items.item] as const] : []),
    ...(users ? [['log', log.user, 'users', users.user] as const] : []),
    ...samples.flatMap(({ table, samples: { candidate }, judged }): Join[] => {
      if (candidate === undefined || judged === null) return [];
      if (judged === 'item') return items ? [[table, candidate, 'items', items.item]] : [];
      const { id, table: attributes } = config.entities[judged]!;
      return attributes ? [[table, candidate, `entities/${judged}`, id]] : [];
    }),
    ...(users
      ? samples.map(({ table, samples }) => [table, samples.user, 'users', users.user] as const)
      : []),
    ...samples.map(({ table, samples }) => [table, samples.user, 'log', log.user] as const),
    ...samples.flatMap(({ table, samples: { candidate }, judged }): Join[] =>
      judged === 'item' && candidate !== undefined ? [[table, candidate, 'log', log.item]] : [],
    ),
  ];
  for (const [from, fromColumn, to, toColumn] of joins) {
    const [left, right] = [tables.get(from), tables.get(to)];
    // Of a table that was not read as a whole, the matching rows may come later.
    if (!left || !right?.head.isWhole || right.head.counts.kept === 0) continue;
    const id = textColumn(left.spec, fromColumn);
    const counted = await connection.runAndReadAll(
      `SELECT count(*), count(*) FILTER (${id} IN (SELECT ${textColumn(right.spec, toColumn)} FROM ${right.table})),
        any_value(${id}), (SELECT any_value(${textColumn(right.spec, toColumn)}) FROM ${right.table})
       FROM ${left.table} WHERE verdict = 0`,
    );
    const [rows, matched, example, other] = counted.getRows()[0]!;
    if (Number(rows) === 0 || Number(matched) > 0) continue;
    const asFloats = [example, other].some((id) => wholeNumber(String(id)) !== id);
    // Requests without a history, and candidates that nobody has met, may be meant so.
    (to === 'log' ? notes : problems).push(
      `None of the first ${rows} rows of \`${from}\` has its ${fromColumn} in \`${to}\`: ` +
        `${fromColumn} is such as ${JSON.stringify(example)}, ${toColumn} such as ${JSON.stringify(other)}` +
        (asFloats ? ' (data.wholeNumbers: true reads 12.0 as 12)' : ''),
    );
  }
}
