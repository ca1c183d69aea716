/** Reads every table of the config into DuckDB, by itself or by Spark, and tells the period that they cover. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Context } from '../common/context.js';
import { rowsOf } from '../common/database.js';
import { UserError } from '../common/errors.js';
import { type Manifest, preparedPaths, type RowCounts } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import type { IngestedTable, Inputs } from './items.js';
import { joinKeptLog } from './kept-log.js';
import type { Advance } from './phases.js';
import { duckdbReader, type TableReader } from './read/table-reader.js';
import { tableSpecs } from './read/table-spec.js';
import { openSpark } from './spark/session.js';
import { sparkReader } from './spark/spark-reader.js';
import { findLogUpdate, type Update } from './update.js';

/** Times are stored as 32-bit seconds without sign: 1970 to 2106. */
const LAST_US = BigInt(2 ** 32) * 1_000_000n;

export interface Read {
  readonly inputs: Inputs;
  readonly rows: Readonly<Record<string, RowCounts>>;
  readonly files: Manifest['inputs'];
  /** The rowid in the log of the first event that an earlier preparation does not have. */
  readonly firstRow: number;
}

/**
 * Reads every table of the config into DuckDB, of an update the new events alone, which follow those that were kept; null where
 * it has none. The lists of rejected rows are in `<folder>.rejects/`, where an error points.
 */
export async function readTables(
  input: ReadInput,
  connection: DuckDBConnection,
  options: ReadOptions,
): Promise<Read | null> {
  const { config, folder, context } = input;
  if (config.preprocess.engine === 'duckdb') {
    return readBy(duckdbReader(connection), input, connection, options);
  }
  const logFile = sparkLog(folder);
  context.logger.info({ file: logFile }, 'Spark is started; what it says goes to a file');
  const spark = await openSpark(config, { logFile, localStaging: stagingBeside(folder) });
  try {
    context.logger.info({ version: spark.version }, 'Spark reads the tables');
    return await readBy(sparkReader(spark, connection), input, connection, options);
  } finally {
    await spark.close();
  }
}

/** What Spark says while it reads the tables of a prepared folder: beside it, as it has to outlive an error. */
export const sparkLog = (folder: string) => join(dirname(resolve(folder)), `${basename(folder)}.spark.log`);

const stagingBeside = (folder: string) => join(dirname(resolve(folder)), `.${basename(folder)}.staging`);

interface ReadInput {
  readonly config: Config;
  readonly folder: string;
  readonly context: Context;
}

interface ReadOptions {
  /** For temporary files. */
  readonly work: string;
  readonly update: Update | null;
  readonly advance: Advance;
}

async function readBy(
  reader: TableReader,
  { config, folder, context }: ReadInput,
  connection: DuckDBConnection,
  { work, update, advance }: ReadOptions,
): Promise<Read | null> {
  const news = update && (await findLogUpdate(reader, config, update));
  if (update && !news) return null;
  const rows: Record<string, RowCounts> = {};
  const files: Manifest['inputs'][number][] = [];
  const tables = new Map<string, IngestedTable>();
  let firstRow = 0;
  const rejects = rejectsBeside(folder);
  await rm(rejects, { recursive: true, force: true });
  const specs = tableSpecs(config);
  for (const [number, { filter, ...rest }] of specs.entries()) {
    advance(number, specs.length);
    const isNews = news !== null && rest.name === 'log';
    const spec = { ...rest, filter: filter && { ...filter, ...(isNews && { covered: news.covered }) } };
    const table = `input_${number}`;
    const ingested = await reader.ingest(spec, {
      root: config.data.root,
      tableName: table,
      rejectsFile: join(rejects, basename(preparedPaths.rejects(spec.name))),
      temporaryFolder: work,
      maxRejectRatio: config.data.maxRejectRatio,
      context,
      ...(isNews && { files: news.files }),
    });
    if (isNews && ingested.rows.kept === 0) return null;
    rows[spec.name] = ingested.rows;
    files.push(...ingested.inputs);
    tables.set(spec.name, { spec, table });
    if (!isNews) continue;
    const { carried } = update!;
    const whole = await joinKeptLog(connection, carried.folder, carried.manifest, { spec, table });
    tables.set(spec.name, whole.log);
    firstRow = whole.firstRow;
  }
  const log = tables.get('log')!;
  if (rows.log!.kept === 0) {
    throw new UserError(`Cannot prepare the data: no event of the log is left (${JSON.stringify(rows.log)})`);
  }
  const samples = Object.keys(config.tasks).flatMap((task) => {
    const table = tables.get(`samples/${task}`);
    return table ? [[task, { ...table, derived: false }] as const] : [];
  });
  const entities = Object.keys(config.entities).flatMap((name) => {
    const table = tables.get(`entities/${name}`);
    return table ? [[name, table] as const] : [];
  });
  const inputs = {
    log,
    items: tables.get('items') ?? null,
    users: tables.get('users') ?? null,
    entities: Object.fromEntries(entities),
    samples: Object.fromEntries(samples),
    predictedCtr: tables.get('predictedCtr') ?? null,
  };
  return { inputs, rows, files, firstRow };
}

const rejectsBeside = (folder: string) => join(dirname(resolve(folder)), `${basename(folder)}.rejects`);

/** Puts the lists of rejected rows into the folder that takes the place of `folder`. */
export async function keepRejects(folder: string, target: string): Promise<void> {
  const rejects = rejectsBeside(folder);
  const kept = join(target, dirname(preparedPaths.rejects('log')));
  if (existsSync(rejects)) await rename(rejects, kept);
  else await mkdir(kept);
}

export const isoOf = (us: bigint) => new Date(Number(us / 1000n)).toISOString();

/** First and last moment of the log. */
export async function timesOf(connection: DuckDBConnection, { log, samples }: Inputs) {
  const range = (table: string) => `SELECT min(time_us) AS first, max(time_us) AS last FROM ${table}`;
  const [events] = await rowsOf<[bigint, bigint]>(connection, range(log.table));
  const all = [log, ...Object.values(samples)].map(({ table }) => range(table)).join(' UNION ALL ');
  const [everything] = await rowsOf<[bigint, bigint]>(
    connection,
    `SELECT min(first), max(last) FROM (${all}) each_table`,
  );
  if (everything![0] < 0n || everything![1] >= LAST_US) {
    throw new UserError(
      `Cannot prepare the data: times must lie between 1970 and 2106, got ${isoOf(everything![0])} to ${isoOf(everything![1])}; ` +
        'is the format of a time column right (seconds or milliseconds)?',
    );
  }
  return {
    firstEventUs: events![0],
    lastEventUs: events![1],
    firstSeconds: Number(everything![0] / 1_000_000n),
    lastSeconds: Number(everything![1] / 1_000_000n),
    firstEvent: isoOf(events![0]),
    lastEvent: isoOf(events![1]),
  };
}
