/** What a config will need of disk, memory and steps, worked out from the head of its data. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteLiteral } from '../common/sql.js';
import type { Config } from '../config/schema.js';
import { timeFieldValue } from '../features/time-fields.js';
import { isPlacedInLog } from './labels/label-columns.js';
import type { TableHead } from './read/read-head.js';
import { type TableSpec, textColumn } from './read/table-spec.js';

/** A table of the config, its head and where that lies in DuckDB. */
export interface ReadTableHead {
  readonly spec: TableSpec;
  readonly head: TableHead;
  readonly table: string;
}

export interface FieldEstimate {
  /** item, properties, user or an entity. */
  readonly group: string;
  readonly name: string;
  /** Rows of its embedding table. */
  readonly rows: number;
  /** The table and what the optimiser keeps beside it. */
  readonly bytes: number;
}

export interface SizeEstimate {
  readonly events: number;
  /** Distinct requests of all tasks with a table of samples, if all samples are in the split. */
  readonly requests: number;
  /** Tasks whose requests are placed in the log: how many they are shows when that is done. */
  readonly placedTasks: readonly string[];
  /** Steps of one pass over them. */
  readonly stepsPerEpoch: number;
  /** Of the prepared folder. */
  readonly preparedBytes: number;
  /** What preprocess puts beside it while it works. */
  readonly temporaryBytes: number;
  readonly fields: readonly FieldEstimate[];
  /** Embedding tables with the optimiser's sums; the dense weights are a few megabytes. */
  readonly modelBytes: number;
}

/** float32, and the Adagrad sum of each. */
const BYTES_PER_WEIGHT = 4 * 2;
/** Item row, property code, time. */
const EVENT_BYTES = 10;
/** Of a user field that is read off each event. */
const INDEX_BYTES = 4;
/** The raw arrays, and about as much as Parquet. */
const REQUEST_BYTES = 13 + 30;
const SAMPLE_BYTES = 12 + 15;
/** DuckDB's tables of the plan, per event or sample, on top of the text itself. */
const WORK_BYTES_PER_ROW = 60;

export async function estimateSize(
  connection: DuckDBConnection,
  config: Config,
  tables: ReadonlyMap<string, ReadTableHead>,
): Promise<SizeEstimate> {
  const { item, itemNumbers, properties, user } = config.features;
  const log = tables.get('log');
  const rowsOf = (table: ReadTableHead | undefined) =>
    table ? keptShare(table) * table.head.estimatedRows : 0;
  const events = Math.round(rowsOf(log));
  const fields: FieldEstimate[] = [];
  const add = (
    group: FieldEstimate['group'],
    name: string,
    field: { readonly buckets: number; readonly maxSize?: number | undefined; readonly size: number },
    values: number,
  ) => {
    const rows = 1 + field.buckets + Math.min(Math.round(values), field.maxSize ?? Number.POSITIVE_INFINITY);
    fields.push({ group, name, rows, bytes: rows * field.size * BYTES_PER_WEIGHT });
  };
  for (const [name, field] of Object.entries(item)) {
    add(
      'item',
      name,
      field,
      await distinctValues(connection, tables.get(field.from), field.column, field.separator),
    );
  }
  for (const [name, field] of Object.entries(properties)) {
    const values =
      field.time === undefined
        ? await distinctValues(connection, log, field.column!)
        : new Set(Array.from({ length: 7 * 24 }, (_, hour) => timeFieldValue(field.time!, hour * 3600))).size;
    add('properties', name, field, values);
  }
  for (const [name, field] of Object.entries(user)) {
    const asked = field.tasks ?? Object.keys(config.tasks);
    const sampleTables = asked.flatMap((task) => tables.get(`samples/${task}`) ?? []);
    const sources = { users: [tables.get('users')], lastEvent: [log], request: sampleTables }[field.from];
    const values = await Promise.all(sources.map((table) => distinctValues(connection, table, field.column)));
    add('user', name, field, Math.max(0, ...values));
  }
  for (const [entity, { fields: entityFields }] of Object.entries(config.entities)) {
    const table = tables.get(`entities/${entity}`);
    for (const [name, { size, buckets, column, separator, ...field }] of Object.entries(entityFields)) {
      if (size === undefined) continue;
      const values = await distinctValues(connection, table, column, separator);
      add(entity, name, { ...field, size, buckets }, values);
    }
  }
  let requests = 0;
  let samples = 0;
  for (const [task, { samples: source }] of Object.entries(config.tasks)) {
    const table = tables.get(`samples/${task}`);
    if (!table) continue;
    samples += rowsOf(table);
    // Tasks may share requests: the one with the most counts.
    requests = Math.max(
      requests,
      rowsOf(table) * (await requestShare(connection, table, source.request, source.user)),
    );
  }
  const itemRows = fields.find(({ group, name }) => group === 'item' && name === 'item')?.rows ?? 0;
  const itemBytes =
    itemRows * (Object.keys(item).length * (4 + 20) + Object.keys(itemNumbers).length * (4 + 8));
  const ofLastEvent = Object.values(config.features.user).filter(({ from }) => from === 'lastEvent').length;
  const eventBytes = EVENT_BYTES + ofLastEvent * INDEX_BYTES;
  const textBytes = [...tables.values()].map(({ head }) => head.textBytes);
  return {
    events,
    requests: Math.round(requests),
    placedTasks: Object.keys(config.tasks).filter((task) => isPlacedInLog(config.tasks[task]!)),
    stepsPerEpoch: Math.ceil(requests / config.train.batchRequests),
    preparedBytes: Math.round(
      events * eventBytes + requests * REQUEST_BYTES + samples * SAMPLE_BYTES + itemBytes,
    ),
    temporaryBytes: Math.round(
      textBytes.reduce((sum, bytes) => sum + bytes, 0) +
        Math.max(0, ...textBytes) +
        (events + samples) * WORK_BYTES_PER_ROW,
    ),
    fields,
    modelBytes: fields.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function keptShare({ head }: ReadTableHead): number {
  return head.counts.read === 0 ? 0 : head.counts.kept / head.counts.read;
}

/**
 * Values of a column in the whole table. Their number grows with a power of the rows (Heaps' law), which the first
 * half of the head and the whole head give; it is never more than the rows.
 */
async function distinctValues(
  connection: DuckDBConnection,
  source: ReadTableHead | undefined,
  column: string,
  separator?: string,
): Promise<number> {
  if (!source) return 0;
  const { spec, head, table } = source;
  const name = textColumn(spec, column);
  const values = separator === undefined ? name : `unnest(string_split(${name}, ${quoteLiteral(separator)}))`;
  const { read: rows } = head.counts;
  const counted = await connection.runAndReadAll(
    `SELECT count(DISTINCT value), count(DISTINCT value) FILTER (number < ${rows / 2})
     FROM (SELECT rowid AS number, ${values} AS value FROM ${table} WHERE ${name} IS NOT NULL)`,
  );
  const [all, half] = counted.getRows()[0]!.map(Number) as [number, number];
  if (head.isWhole || all === 0 || half === 0) return all;
  const power = Math.min(1, Math.log2(all / half));
  return Math.min(head.estimatedRows, all * (head.estimatedRows / rows) ** power);
}

/** Requests per sample. */
async function requestShare(
  connection: DuckDBConnection,
  { spec, table }: ReadTableHead,
  request: string | undefined,
  user: string,
): Promise<number> {
  const key = request === undefined ? `(${textColumn(spec, user)}, time_us)` : textColumn(spec, request);
  const counted = await connection.runAndReadAll(
    `SELECT count(DISTINCT ${key}) / greatest(count(*), 1) FROM ${table} WHERE verdict = 0`,
  );
  return Number(counted.getRows()[0]![0]);
}
