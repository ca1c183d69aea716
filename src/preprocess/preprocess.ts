/**
 * From the tables of a config to the prepared folder (docs/prepared-format.md): reads them into DuckDB, works the plan
 * out in SQL, writes files. The folder appears whole; an older one stays until then.
 */
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Context } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { recoverFolder, replaceFolder, writeJson } from '../common/files.js';
import { type Manifest, PREPARED_FORMAT, preparedPaths, type RowCounts, SPLITS } from '../common/prepared.js';
import { preparedHash, preparedSlice } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';
import { zoneOffsets } from '../features/local-time.js';
import { propertyStrides } from '../features/property-code.js';
import { createContextCodesSql, createContextsSql, createContextVocabulariesSql } from './contexts.js';
import { numberOf, openDatabase, rowsOf } from './database.js';
import { createEventsSql, createUsersSql } from './events.js';
import { createItemFieldsSql, createItemsSql, type IngestedTable, type Inputs } from './items.js';
import { ingest } from './read/ingest.js';
import { tableSpecs } from './read/table-spec.js';
import {
  createAskedSql,
  createItemCountsSql,
  createProfilesSql,
  createRequestsSql,
  createRequestUsersSql,
  createSamplesSql,
  createUserVocabulariesSql,
  rejectedSample,
} from './requests.js';
import { microseconds, splitBounds } from './split-bounds.js';
import { vocabularyTable } from './vocabulary.js';
import {
  describeFiles,
  segments,
  writeItems,
  writePropertyFields,
  writeRequests,
  writeSamples,
  writeStreams,
  writeUserFields,
} from './write-prepared.js';

export interface PreprocessInput {
  readonly config: Config;
  /** The prepared folder to write. */
  readonly folder: string;
  /** Does it again even where nothing has changed. */
  readonly force: boolean;
  readonly context: Context;
}

export interface PreprocessResult {
  readonly folder: string;
  /** Nothing had changed, and nothing was done. */
  readonly skipped: boolean;
  readonly seconds: number;
  readonly manifest: Manifest;
}

/** Times are stored as 32-bit seconds without sign: 1970 to 2106. */
const LAST_US = BigInt(2 ** 32) * 1_000_000n;

export async function preprocess(input: PreprocessInput): Promise<PreprocessResult> {
  const startMs = performance.now();
  const { config, folder, force } = input;
  await recoverFolder(folder);
  const secondsSoFar = () => (performance.now() - startMs) / 1000;
  const existing = force ? null : await unchanged(config, folder);
  if (existing) return { folder, skipped: true, seconds: secondsSoFar(), manifest: existing };
  await mkdir(dirname(resolve(folder)), { recursive: true });
  const work = await mkdtemp(join(dirname(resolve(folder)), `.${basename(folder)}.work-`));
  try {
    let manifest: Manifest | undefined;
    await replaceFolder(folder, async (temporary) => {
      manifest = await prepare(input, work, temporary);
    });
    return { folder, skipped: false, seconds: secondsSoFar(), manifest: manifest! };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The manifest of a folder that a new run would write again just so; null otherwise. */
async function unchanged(config: Config, folder: string): Promise<Manifest | null> {
  const text = await readFile(join(folder, preparedPaths.manifest), 'utf8').catch(() => null);
  if (text === null) return null;
  const manifest = JSON.parse(text) as Manifest;
  if (manifest.format !== PREPARED_FORMAT) return null;
  if (manifest.configHash !== preparedHash(preparedSlice(config))) return null;
  const sizeOf = async (path: string) => (await stat(path).catch(() => null)) ?? null;
  for (const { path, bytes, modifiedMs } of manifest.inputs) {
    const found = await sizeOf(resolve(config.data.root, path));
    if (!found || found.size !== bytes || Math.abs(found.mtimeMs - modifiedMs) >= 1) return null;
  }
  for (const [path, { bytes }] of Object.entries(manifest.files)) {
    if ((await sizeOf(join(folder, path)))?.size !== bytes) return null;
  }
  return manifest;
}

async function prepare(input: PreprocessInput, work: string, target: string): Promise<Manifest> {
  const { config } = input;
  const database = await openDatabase(work, config.preprocess);
  const { connection } = database;
  const bar = input.context.progress.start('preprocess', PHASES.length);
  let done = 0;
  const phase = async <T>(name: (typeof PHASES)[number], run: () => Promise<T>): Promise<T> => {
    bar.update(done, { phase: name });
    const result = await run();
    bar.update(++done, { phase: name });
    return result;
  };
  const sql = async (...statements: readonly string[]) => {
    for (const statement of statements) await connection.run(statement);
  };
  try {
    const read = await phase('read', () => readTables(input, connection, work, target));
    const { inputs } = read;
    const period = await timesOf(connection, inputs);
    const offsets = zoneOffsets(config.data.timeZone, period.firstSeconds, period.lastSeconds);
    const bounds = await splitBounds(connection, config, inputs);

    const strides = await phase('items and contexts', async () => {
      await sql(createUsersSql(config, inputs), ...createItemsSql(config, inputs));
      await sql(...createContextsSql(config, inputs.log, offsets, bounds.evaluationFromUs));
      await sql(...createContextVocabulariesSql(config));
      const widths = await propertyRows(connection, config);
      const strides = propertyStrides(widths);
      await sql(createContextCodesSql(config, strides));
      return strides;
    });
    await phase('streams', () => sql(createEventsSql(config, inputs, offsets)));
    await phase('requests', async () => {
      await sql(...createAskedSql(config, inputs, bounds, trainFroms(config)));
      await sql(...createRequestsSql(config, bounds), ...createSamplesSql(config));
      await sql(...createProfilesSql(config, inputs), ...createUserVocabulariesSql(config, bounds));
      await sql(createRequestUsersSql(config));
    });
    await phase('vocabularies', () => sql(createItemCountsSql(bounds), ...createItemFieldsSql(config)));
    return await phase('write', async () => {
      const count = (table: string) => numberOf(connection, `SELECT count(*) FROM ${table}`);
      const users = await count('user_rows');
      const items = await count('item_rows');
      const requests = await count('request_rows');
      const fields = {
        item: await writeItems(connection, target, config, items),
        properties: await writePropertyFields(connection, target, config, strides),
        user: await writeUserFields(connection, target, config),
      };
      await writeStreams(connection, target, users);
      await writeRequests(connection, target, config);
      const tasks = await writeSamples(connection, target, config, inputs, requests);
      const slice = preparedSlice(config);
      const manifest: Manifest = {
        format: PREPARED_FORMAT,
        name: config.name,
        configHash: preparedHash(slice),
        config: JSON.parse(JSON.stringify(slice)) as unknown,
        inputs: read.files,
        rows: { ...read.rows, ...(await sampleCounts(connection, config, read.rows)) },
        users,
        events: await count('events'),
        items,
        requests,
        requestsBySplit: await requestsBySplit(connection),
        firstEvent: period.firstEvent,
        lastEvent: period.lastEvent,
        evaluationFrom: isoOf(bounds.evaluationFromUs),
        evaluationTo: bounds.evaluationToUs === null ? null : isoOf(bounds.evaluationToUs),
        fields,
        tasks,
        segments,
        files: await describeFiles(target),
      };
      await writeJson(join(target, preparedPaths.manifest), manifest);
      return manifest;
    });
  } finally {
    bar.stop();
    database.close();
  }
}

const PHASES = ['read', 'items and contexts', 'streams', 'requests', 'vocabularies', 'write'] as const;

interface Read {
  readonly inputs: Inputs;
  readonly rows: Readonly<Record<string, RowCounts>>;
  readonly files: Manifest['inputs'];
}

/** Reads every table of the config into DuckDB. */
async function readTables(
  { config, context }: PreprocessInput,
  connection: DuckDBConnection,
  work: string,
  target: string,
): Promise<Read> {
  const rows: Record<string, RowCounts> = {};
  const files: Manifest['inputs'][number][] = [];
  const tables = new Map<string, IngestedTable>();
  await mkdir(join(target, 'rejects'), { recursive: true });
  for (const [number, spec] of tableSpecs(config).entries()) {
    const table = `input_${number}`;
    const ingested = await ingest(connection, spec, {
      root: config.data.root,
      tableName: table,
      rejectsFile: join(target, preparedPaths.rejects(spec.name)),
      temporaryFolder: work,
      maxRejectRatio: config.data.maxRejectRatio,
      context,
    });
    rows[spec.name] = ingested.rows;
    files.push(...ingested.inputs);
    tables.set(spec.name, { spec, table });
  }
  const log = tables.get('log')!;
  if (rows.log!.kept === 0) {
    throw new UserError(`Cannot prepare the data: no event of the log is left (${JSON.stringify(rows.log)})`);
  }
  const samples = Object.keys(config.tasks).map((task) => [task, tables.get(`samples/${task}`)!] as const);
  const inputs = {
    log,
    items: tables.get('items') ?? null,
    users: tables.get('users') ?? null,
    samples: Object.fromEntries(samples),
  };
  return { inputs, rows, files };
}

const isoOf = (us: bigint) => new Date(Number(us / 1000n)).toISOString();

/** First and last moment of the log. */
async function timesOf(connection: DuckDBConnection, { log, samples }: Inputs) {
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
    firstSeconds: Number(everything![0] / 1_000_000n),
    lastSeconds: Number(everything![1] / 1_000_000n),
    firstEvent: isoOf(events![0]),
    lastEvent: isoOf(events![1]),
  };
}

function trainFroms({ tasks, data }: Config): Record<string, bigint | null> {
  const entries = Object.entries(tasks).map(([task, { trainFrom }]) => [
    task,
    trainFrom === undefined ? null : microseconds(trainFrom, data.timeZone),
  ]);
  return Object.fromEntries(entries) as Record<string, bigint | null>;
}

/** Table rows of each property field. */
async function propertyRows(connection: DuckDBConnection, config: Config) {
  const fields: { name: string; rows: number }[] = [];
  for (const [at, [name, { buckets }]] of Object.entries(config.features.properties).entries()) {
    const known = await numberOf(connection, `SELECT count(idx) FROM ${vocabularyTable('property', at)}`);
    fields.push({ name, rows: 1 + buckets + known });
  }
  return fields;
}

async function requestsBySplit(connection: DuckDBConnection): Promise<Manifest['requestsBySplit']> {
  const rows = await rowsOf<[number, bigint]>(
    connection,
    'SELECT split, count(*) FROM request_rows GROUP BY split',
  );
  const counts = { training: 0, validation: 0, evaluation: 0 };
  for (const [split, count] of rows) counts[SPLITS[split]!] = Number(count);
  return counts;
}

/** The counts of the sample tables with what the plan itself filtered and rejected. */
async function sampleCounts(
  connection: DuckDBConnection,
  config: Config,
  read: Readonly<Record<string, RowCounts>>,
): Promise<Record<string, RowCounts>> {
  const found = await rowsOf<[number, string | null, string | null, bigint]>(
    connection,
    `SELECT a.task, a.filtered, CASE WHEN a.filtered IS NULL THEN ${rejectedSample} END AS rejected, count(*)
     FROM asked_all a GROUP BY ALL`,
  );
  const entries = Object.keys(config.tasks).map((task, number) => {
    const before = read[`samples/${task}`]!;
    const [filteredBy, rejectedBy] = [{ ...before.filteredBy }, { ...before.rejectedBy }];
    let [kept, filtered, rejected] = [before.kept, before.filtered, before.rejected];
    for (const [of, filter, reject, rows] of found) {
      if (of !== number || (filter === null && reject === null)) continue;
      const count = Number(rows);
      kept -= count;
      if (filter !== null) {
        filteredBy[filter] = (filteredBy[filter] ?? 0) + count;
        filtered += count;
      } else {
        rejectedBy[reject!] = (rejectedBy[reject!] ?? 0) + count;
        rejected += count;
      }
    }
    return [
      `samples/${task}`,
      { read: before.read, kept, rejected, filtered, rejectedBy, filteredBy },
    ] as const;
  });
  return Object.fromEntries(entries);
}
