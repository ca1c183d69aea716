/** The prepared folder out of the tables of the plan: Parquet files, raw arrays, and what the manifest says of them. */
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '../common/database.js';
import { fileSha256 } from '../common/files.js';
import { type Manifest, preparedPaths, SPLITS, type TaskManifest } from '../common/prepared.js';
import { quoteIdentifier } from '../common/sql.js';
import type { Config, SampleSource } from '../config/schema.js';
import { entityTable } from './entities.js';
import { type Inputs, text } from './items.js';
import { levelsTable } from './labels/levels.js';
import { writeFeatures } from './ranking/write-features.js';
import { type RawColumn, writeOffsets, writeParquet, writeRawFiles } from './raw-files.js';
import { classesOf } from './requests.js';

/** The one segment of a first preparation. */
const SEGMENT = '0000';

const US_PER_SECOND = 1_000_000;

export async function writeStreams(
  connection: DuckDBConnection,
  folder: string,
  users: number,
): Promise<void> {
  await writeParquet(
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
  await writeParquet(
    connection,
    folder,
    preparedPaths.requests,
    `SELECT request, request_id, user_id, make_timestamp(time_us) AS "time",
       CASE split WHEN 0 THEN 'training' WHEN 1 THEN 'validation' ELSE 'evaluation' END AS split, ends AS "end"${config.features.query ? ', query' : ''}
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
  negativeRates: Readonly<Record<string, number>>,
): Promise<Record<string, TaskManifest>> {
  const tasks: Record<string, TaskManifest> = {};
  for (const [taskNumber, [task, settings]] of Object.entries(config.tasks).entries()) {
    const { kind } = settings;
    const samples: SampleSource = settings.samples;
    const candidate = settings.kind === 'multiclass' ? null : settings.candidate;
    const id = candidate === 'item' ? 'i.item_id' : 'i.id';
    const rows =
      candidate === 'item' ? 'item_rows' : entityTable(Object.keys(config.entities).indexOf(candidate!));
    const row = candidate === 'item' ? 'item' : '"row"';
    const mine = `sample_rows s WHERE s.task = ${taskNumber}`;
    await writeOffsets(
      connection,
      folder,
      preparedPaths.sampleOffsets(task),
      requests,
      `SELECT request, count(*) FROM ${mine} GROUP BY request`,
    );
    const input = inputs.samples[task]!;
    const features =
      kind === 'rank' ? await writeFeatures(connection, folder, config, inputs, { task, taskNumber }) : [];
    const total = await writeRawFiles(
      connection,
      folder,
      [
        ...(candidate !== null ? [{ path: preparedPaths.sampleCandidates(task), sql: 's.candidate' }] : []),
        { path: preparedPaths.sampleLabels(task), sql: 's.label' },
        { path: preparedPaths.sampleWeights(task), sql: 's.weight' },
      ],
      `FROM ${mine} ORDER BY s.request, s.ord`,
    );
    const kept = samples.keep
      .map((column) => `, t.${text(input, column)} AS ${quoteIdentifier(column)}`)
      .join('');
    await writeParquet(
      connection,
      folder,
      preparedPaths.samples(task),
      `SELECT CAST(row_number() OVER (ORDER BY s.request, s.ord) - 1 AS INTEGER) AS sample, s.request,
         ${candidate === null ? '' : `${id} AS candidate, `}s.label, s.weight${kept}
       FROM sample_rows s ${candidate === null ? '' : `JOIN ${rows} i ON i.${row} = s.candidate`} JOIN ${input.table} t ON t.rowid = s.ord
       WHERE s.task = ${taskNumber} ORDER BY s.request, s.ord`,
    );
    if (settings.kind === 'multiclass' && settings.labels) {
      const levels = `SELECT kin AS "within", bounds FROM ${levelsTable(taskNumber)} ORDER BY kin NULLS FIRST`;
      await writeParquet(connection, folder, preparedPaths.sampleLevels(task), levels);
    }
    tasks[task] = {
      kind,
      candidate,
      features,
      classes: classesOf(settings),
      samples: total,
      ...(task in negativeRates && { negativeRate: negativeRates[task]! }),
      counts: await labelCounts(connection, taskNumber),
    };
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
