/** Which columns of which input tables a config reads, and what has to hold of them. */
import { columnKeys } from '../../config/column-rules.js';
import { toEpochSeconds } from '../../config/dates.js';
import type { Config, SampleSource, TimeColumn } from '../../config/schema.js';
import { isPlacedInLog, labelColumns } from '../labels/label-columns.js';
import { hasQuery } from '../request-columns.js';

/** Where the rows come from: the source keys of the config. */
export interface TableSource {
  readonly files: readonly string[];
  readonly format: 'auto' | 'csv' | 'tsv' | 'jsonl' | 'parquet';
  readonly columns?: readonly string[] | undefined;
  readonly delimiter?: string | undefined;
  readonly quote: string;
}

/** Rows that are well-formed and not wanted: counted as filtered, under the name of the key. */
export interface RowFilter {
  /** Column -> the values that are kept; counted under `keep.<column>`. */
  readonly keep: Readonly<Record<string, readonly string[]>>;
  /** Rows before this, in microseconds since 1970; counted under `from`. */
  readonly fromUs?: bigint | undefined;
  /** Rows from this on; counted under `to`. */
  readonly toUs?: bigint | undefined;
  /** Rows that equal an earlier one in all columns of the spec; counted under `deduplicate`. */
  readonly deduplicate: boolean;
  /** What earlier preparations have read; undefined in the first one. */
  readonly covered?: CoveredPeriod | undefined;
}

/** Rows before this moment were read before, if they stand in one of the known files, and otherwise come too late. */
export interface CoveredPeriod {
  readonly untilUs: bigint;
  /** As the manifest names them. */
  readonly files: ReadonlySet<string>;
}

export interface TableSpec {
  /** As in the config and in the manifest: log, items, users, entities/<entity>, samples/<task>, predictedCtr. */
  readonly name: string;
  readonly source: TableSource;
  /** Columns that are kept as the text that they are; the empty text is NULL. */
  readonly text: readonly string[];
  /** Columns that are numbers (DOUBLE, finite); the empty text is NULL. */
  readonly numbers: readonly string[];
  /** Column of `text` -> what a list is joined by, in formats that have lists (JSON lines, Parquet). */
  readonly separators: Readonly<Record<string, string>>;
  /** Column -> the keys of the config that ask for it, for messages. */
  readonly keys?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Texts such as 266079.0 are read as 266079, but in columns of `separators`. */
  readonly wholeNumbers?: boolean | undefined;
  /** Columns of `text` and `numbers` that may not be empty. */
  readonly required: readonly string[];
  /** Becomes the column `time_us`: microseconds since 1970 (BIGINT), never NULL. */
  readonly time?: TimeColumn | undefined;
  readonly filter?: RowFilter | undefined;
}

/**
 * The name in the ingested table of a column of `spec.text`: by position, since the names of the input differ in
 * ways that SQL's do not (upper and lower case) and may be anything.
 */
export function textColumn(spec: TableSpec, name: string): string {
  return `t${position(spec.text, name)}`;
}

/** The same for a column of `spec.numbers`. */
export function numberColumn(spec: TableSpec, name: string): string {
  return `n${position(spec.numbers, name)}`;
}

function position(columns: readonly string[], name: string): number {
  const index = columns.indexOf(name);
  if (index === -1) throw new RangeError(`The table has no column ${name}`);
  return index;
}

/** Every column that the spec reads, once. */
export function neededColumns(spec: TableSpec): readonly string[] {
  return distinct([...spec.text, ...spec.numbers, ...(spec.time?.columns ?? [])]);
}

/** The tables that a config reads, the log first. A column is listed once even where several keys name it. */
export function tableSpecs(config: Config): readonly TableSpec[] {
  const { log, items, users } = config.data;
  const { item: itemFields, itemNumbers, properties, user: userFields } = config.features;
  const separatorsFrom = (table: 'log' | 'items') =>
    Object.fromEntries(
      Object.values(itemFields).flatMap(({ from, column, separator }) =>
        from === table && separator !== undefined ? [[column, separator]] : [],
      ),
    );
  const labels = labelColumns(config);
  const specs: TableSpec[] = [
    {
      name: 'log',
      source: log,
      text: distinct([
        log.user,
        log.item,
        ...Object.values(itemFields).flatMap((field) => (field.from === 'log' ? [field.column] : [])),
        ...Object.values(properties).flatMap((field) => field.column ?? []),
        ...Object.values(userFields).flatMap((field) => (field.from === 'lastEvent' ? [field.column] : [])),
        ...Object.keys(log.keep),
        ...labels.log.text,
      ]),
      numbers: distinct(labels.log.numbers),
      separators: separatorsFrom('log'),
      required: distinct([log.user, log.item]),
      time: log.time,
      filter: {
        keep: log.keep,
        fromUs: log.from === undefined ? undefined : toMicroseconds(log.from, config.data.timeZone),
        toUs: log.to === undefined ? undefined : toMicroseconds(log.to, config.data.timeZone),
        deduplicate: log.deduplicate,
      },
    },
  ];
  if (items) {
    const fields = Object.values(itemFields).flatMap((field) =>
      field.from === 'items' ? [field.column] : [],
    );
    specs.push({
      name: 'items',
      source: items,
      text: distinct([items.item, ...fields, ...labels.items.text]),
      numbers: distinct([...labels.items.numbers, ...columnsOf(itemNumbers)]),
      separators: separatorsFrom('items'),
      required: [items.item],
    });
  }
  if (users) {
    const fields = Object.values(userFields).flatMap((field) =>
      field.from === 'users' ? [field.column] : [],
    );
    specs.push({
      name: 'users',
      source: users,
      text: distinct([users.user, ...fields]),
      numbers: [],
      separators: {},
      required: [users.user],
    });
  }
  for (const [name, { id, table, fields, numbers }] of Object.entries(config.entities)) {
    if (!table) continue;
    const separated = Object.values(fields).flatMap(({ column, separator }) =>
      separator === undefined ? [] : [[column, separator]],
    );
    specs.push({
      name: `entities/${name}`,
      source: table,
      text: distinct([id, ...columnsOf(fields)]),
      numbers: distinct(columnsOf(numbers)),
      separators: Object.fromEntries(separated),
      required: [id],
    });
  }
  for (const [task, settings] of Object.entries(config.tasks)) {
    if (isPlacedInLog(settings)) continue;
    const samples: SampleSource = settings.samples;
    const label = settings.labels ? [] : [samples.label];
    const fromRequest = Object.values(userFields).flatMap((field) =>
      field.from === 'request' && (field.tasks?.includes(task) ?? true) ? [field.column] : [],
    );
    specs.push({
      name: `samples/${task}`,
      source: samples,
      text: distinct([
        ...(samples.request === undefined ? [] : [samples.request]),
        samples.user,
        ...(samples.candidate === undefined ? [] : [samples.candidate]),
        ...fromRequest,
        ...(hasQuery(config, task) ? [config.features.query!.column] : []),
        ...Object.keys(samples.weightBy),
        ...samples.keep,
      ]),
      numbers: distinct([
        ...label,
        ...(samples.weight === undefined ? [] : [samples.weight]),
        ...(samples.features ?? []),
      ]),
      separators: {},
      required: distinct([
        ...(samples.request === undefined ? [] : [samples.request]),
        samples.user,
        ...(samples.candidate === undefined ? [] : [samples.candidate]),
        ...label,
      ]),
      time: samples.time,
    });
  }
  const predictions = config.features.ranking?.predictedCtr;
  if (predictions) {
    const { user, candidate, prediction, time } = predictions;
    specs.push({
      name: 'predictedCtr',
      source: predictions,
      text: distinct([user, candidate]),
      numbers: [prediction],
      separators: {},
      required: [user, candidate, prediction],
      time,
    });
  }
  const { wholeNumbers } = config.data;
  const keys = columnKeys(config);
  return specs.map((spec) => ({ ...spec, wholeNumbers, keys: keys.get(spec.name) }));
}

function toMicroseconds(date: string, timeZone: string): bigint {
  return BigInt(toEpochSeconds(date, timeZone)) * 1_000_000n;
}

function columnsOf(fields: Readonly<Record<string, { readonly column: string }>>): string[] {
  return Object.values(fields).map(({ column }) => column);
}

function distinct(columns: readonly string[]): readonly string[] {
  return [...new Set(columns)];
}
