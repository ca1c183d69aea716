/** The prepared folder out of the tables of the plan: Parquet files, raw arrays, and what the manifest says of them. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { fileSha256 } from '../common/files.js';
import {
  type FieldManifest,
  type Manifest,
  type PropertyFieldManifest,
  preparedPaths,
  SPLITS,
  type TaskManifest,
} from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import { copyToParquet, numberOf, rowsOf } from './database.js';
import { attributesOf, type Inputs, text } from './items.js';
import { type RawColumn, writeRawArray, writeRawFiles } from './raw-files.js';
import { quoteIdentifier } from './sql.js';
import { type FieldGroup, vocabularyTable } from './vocabulary.js';

/** The one segment of a first preparation. */
const SEGMENT = '0000';

const US_PER_SECOND = 1_000_000;

async function parquet(
  connection: DuckDBConnection,
  folder: string,
  path: string,
  sql: string,
): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await copyToParquet(connection, sql, join(folder, path));
}

/** offsets[i] = number of rows of owners before i, from the counts of the owners that have any. */
async function writeOffsets(
  connection: DuckDBConnection,
  folder: string,
  path: string,
  owners: number,
  counts: string,
): Promise<void> {
  const offsets = new Int32Array(owners + 1);
  const result = await connection.stream(counts);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    for (const [owner, count] of chunk.getRows() as [number, number | bigint][]) {
      offsets[owner + 1] = Number(count);
    }
  }
  let total = 0;
  for (let owner = 1; owner <= owners; owner++) {
    total += offsets[owner]!;
    if (total > 2 ** 31 - 1) throw new RangeError(`${path} would hold more than 2^31 rows`);
    offsets[owner] = total;
  }
  await writeRawArray(folder, path, offsets);
}

/** Writes a vocabulary's file and describes the field. */
async function writeField(
  connection: DuckDBConnection,
  folder: string,
  group: FieldGroup,
  at: number,
  { name, buckets, multiValued }: Pick<FieldManifest, 'name' | 'buckets' | 'multiValued'>,
): Promise<FieldManifest> {
  const table = vocabularyTable(group, at);
  const ordered = `SELECT value, count, idx AS index FROM ${table} ORDER BY count DESC, value`;
  const files = group === 'property' ? 'properties' : group;
  await parquet(connection, folder, preparedPaths.vocabulary(files, name), ordered);
  const hash = createHash('sha256');
  let known = 0;
  const result = await connection.stream(`SELECT value FROM ${table} WHERE idx IS NOT NULL ORDER BY idx`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    for (const [value] of chunk.getRows() as [string][]) {
      hash.update(`${Buffer.byteLength(value)}:${value}`);
      known++;
    }
  }
  const values = await numberOf(connection, `SELECT count(*) FROM ${table}`);
  return {
    name,
    rows: 1 + buckets + known,
    buckets,
    values,
    multiValued,
    vocabularyHash: hash.digest('hex'),
  };
}

export async function writeItems(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  items: number,
): Promise<FieldManifest[]> {
  const attributes = attributesOf(config).map(({ name, at }) => `a${at} AS ${quoteIdentifier(name)}`);
  const columns = ['item AS row', 'item_id', ...attributes].join(', ');
  await parquet(connection, folder, preparedPaths.items, `SELECT ${columns} FROM item_rows ORDER BY item`);
  const fields: FieldManifest[] = [];
  for (const [at, [name, { buckets, separator }]] of Object.entries(config.features.item).entries()) {
    const multiValued = separator !== undefined;
    fields.push(await writeField(connection, folder, 'item', at, { name, buckets, multiValued }));
    const values: RawColumn[] = [{ path: preparedPaths.itemField(name), sql: 'idx' }];
    await writeRawFiles(connection, folder, values, `FROM item_values_${at} ORDER BY item, place`);
    if (multiValued) {
      const counts = `SELECT item, count(*) FROM item_values_${at} GROUP BY item`;
      await writeOffsets(connection, folder, preparedPaths.itemFieldOffsets(name), items, counts);
    }
  }
  return fields;
}

export async function writeStreams(
  connection: DuckDBConnection,
  folder: string,
  users: number,
): Promise<void> {
  await parquet(
    connection,
    folder,
    preparedPaths.users,
    'SELECT usr AS "user", user_id FROM user_rows ORDER BY usr',
  );
  await writeOffsets(
    connection,
    folder,
    preparedPaths.streamOffsets(SEGMENT),
    users,
    'SELECT usr, count(*) FROM events GROUP BY usr',
  );
  await writeRawFiles(
    connection,
    folder,
    [
      { path: preparedPaths.streamItems(SEGMENT), sql: 'e.item' },
      { path: preparedPaths.streamProperties(SEGMENT), sql: 'c.code' },
      { path: preparedPaths.streamTimes(SEGMENT), sql: `floor_div(e.time_us, ${US_PER_SECOND})` },
    ],
    'FROM events e JOIN contexts c ON c.context = e.context ORDER BY e.usr, e.seq',
  );
}

export async function writeRequests(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
): Promise<void> {
  await parquet(
    connection,
    folder,
    preparedPaths.requests,
    `SELECT request, request_id, user_id, make_timestamp(time_us) AS "time",
       CASE split WHEN 0 THEN 'training' WHEN 1 THEN 'validation' ELSE 'evaluation' END AS split, ends AS "end"
     FROM request_rows ORDER BY request`,
  );
  const userFields = Object.keys(config.features.user).map(
    (name, at): RawColumn => ({ path: preparedPaths.requestUserField(name), sql: `x.u${at}` }),
  );
  await writeRawFiles(
    connection,
    folder,
    [
      { path: preparedPaths.requestUser, sql: 'r.usr' },
      { path: preparedPaths.requestTime, sql: `floor_div(r.time_us, ${US_PER_SECOND})` },
      { path: preparedPaths.requestEnd, sql: 'r.ends' },
      { path: preparedPaths.requestSplit, sql: 'r.split' },
      ...userFields,
    ],
    'FROM request_rows r JOIN request_users x USING (request) ORDER BY r.request',
  );
}

export async function writeSamples(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  inputs: Inputs,
  requests: number,
): Promise<Record<string, TaskManifest>> {
  const tasks: Record<string, TaskManifest> = {};
  for (const [number, [task, { kind, samples }]] of Object.entries(config.tasks).entries()) {
    const mine = `sample_rows s WHERE s.task = ${number}`;
    await writeOffsets(
      connection,
      folder,
      preparedPaths.sampleOffsets(task),
      requests,
      `SELECT request, count(*) FROM ${mine} GROUP BY request`,
    );
    const total = await writeRawFiles(
      connection,
      folder,
      [
        { path: preparedPaths.sampleCandidates(task), sql: 's.item' },
        { path: preparedPaths.sampleLabels(task), sql: 's.label' },
        { path: preparedPaths.sampleWeights(task), sql: 's.weight' },
      ],
      `FROM ${mine} ORDER BY s.request, s.ord`,
    );
    const input = inputs.samples[task]!;
    const kept = samples.keep
      .map((column) => `, t.${text(input, column)} AS ${quoteIdentifier(column)}`)
      .join('');
    await parquet(
      connection,
      folder,
      preparedPaths.samples(task),
      `SELECT CAST(row_number() OVER (ORDER BY s.request, s.ord) - 1 AS INTEGER) AS sample, s.request, i.item_id AS candidate,
         s.label, s.weight${kept}
       FROM sample_rows s JOIN item_rows i USING (item) JOIN ${input.table} t ON t.rowid = s.ord
       WHERE s.task = ${number} ORDER BY s.request, s.ord`,
    );
    tasks[task] = { kind, samples: total, counts: await labelCounts(connection, number) };
  }
  return tasks;
}

async function labelCounts(connection: DuckDBConnection, task: number): Promise<TaskManifest['counts']> {
  const rows = await rowsOf<[number, number, bigint]>(
    connection,
    `SELECT r.split, CAST(s.label AS INTEGER), count(*) FROM sample_rows s JOIN request_rows r USING (request)
     WHERE s.task = ${task} GROUP BY ALL ORDER BY ALL`,
  );
  const counts: Record<string, Record<string, number>> = { training: {}, validation: {}, evaluation: {} };
  for (const [split, label, count] of rows) counts[SPLITS[split]!]![label] = Number(count);
  return counts as TaskManifest['counts'];
}

/** Strides and manifests of the property fields. */
export async function writePropertyFields(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  strides: readonly number[],
): Promise<PropertyFieldManifest[]> {
  const fields: PropertyFieldManifest[] = [];
  for (const [at, [name, { buckets }]] of Object.entries(config.features.properties).entries()) {
    const field = await writeField(connection, folder, 'property', at, { name, buckets, multiValued: false });
    fields.push({ ...field, stride: strides[at]! });
  }
  return fields;
}

export async function writeUserFields(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
): Promise<FieldManifest[]> {
  const fields: FieldManifest[] = [];
  for (const [at, [name, { buckets }]] of Object.entries(config.features.user).entries()) {
    fields.push(await writeField(connection, folder, 'user', at, { name, buckets, multiValued: false }));
  }
  return fields;
}

/** Size and checksum of every file below the folder, by its path there. */
export async function describeFiles(folder: string): Promise<Manifest['files']> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const described: Record<string, { bytes: number; sha256: string }> = {};
  for (const path of paths.sort()) {
    const { size } = await stat(path);
    described[relative(folder, path)] = { bytes: size, sha256: await fileSha256(path) };
  }
  return described;
}

export const segments: readonly string[] = [SEGMENT];
