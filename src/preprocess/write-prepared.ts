/** The prepared folder out of the tables of the plan: Parquet files, raw arrays, and what the manifest says of them. */
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf, rowsOf } from '../common/database.js';
import { fileSha256 } from '../common/files.js';
import { type Manifest, preparedPaths, SPLITS, type TaskManifest } from '../common/prepared.js';
import { quoteIdentifier } from '../common/sql.js';
import type { Config, SampleSource } from '../config/schema.js';
import type { Encoding } from './carried.js';
import { entityTable } from './entities.js';
import { type Inputs, text } from './items.js';
import { levelsTable } from './labels/levels.js';
import type { Advance } from './phases.js';
import { writeFeatures } from './ranking/write-features.js';
import { type RawColumn, writeOffsets, writeParquet, writeRawFiles } from './raw-files.js';
import { classesOf } from './requests.js';
import { profileFields } from './user-fields.js';

const US_PER_SECOND = 1_000_000;

/** With their profiles, and, for updates, who has been counted among the users met. */
export async function writeUsers(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  keepsMet: boolean,
): Promise<void> {
  const met = keepsMet
    ? ', usr IN (SELECT usr FROM users_met UNION SELECT usr FROM carried_users WHERE met) AS met'
    : '';
  await writeParquet(
    connection,
    folder,
    preparedPaths.users,
    `SELECT usr AS "user", user_id${met} FROM user_rows ORDER BY usr`,
  );
  const profile = profileFields(config).map(
    ({ name, at }): RawColumn => ({ path: preparedPaths.profileField(name), sql: `u${at}` }),
  );
  if (profile.length === 0) return;
  await writeRawFiles(connection, folder, profile, 'FROM user_profiles ORDER BY usr');
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
  encoding: Encoding,
  advance: Advance,
): Promise<Record<string, TaskManifest>> {
  const tasks: Record<string, TaskManifest> = {};
  const configured = Object.entries(config.tasks);
  for (const [taskNumber, [task, settings]] of configured.entries()) {
    // What was written before is the first step.
    advance(1 + taskNumber, 1 + configured.length);
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
    const first = await numberOf(connection, `SELECT min(rowid) FROM ${mine}`);
    const input = inputs.samples[task]!;
    const features =
      kind === 'rank' || (samples.features ?? []).length > 0
        ? await writeFeatures(connection, folder, config, inputs, { task, taskNumber }, encoding)
        : [];
    const total = await writeRawFiles(
      connection,
      folder,
      [
        ...(candidate !== null ? [{ path: preparedPaths.sampleCandidates(task), sql: 's.candidate' }] : []),
        { path: preparedPaths.sampleLabels(task), sql: 's.label' },
        { path: preparedPaths.sampleWeights(task), sql: 's.weight' },
      ],
      `FROM ${mine} ORDER BY s.rowid`,
    );
    const kept = samples.keep
      .map((column) => `, t.${text(input, column)} AS ${quoteIdentifier(column)}`)
      .join('');
    await writeParquet(
      connection,
      folder,
      preparedPaths.samples(task),
      `SELECT CAST(s.rowid - ${first} AS INTEGER) AS sample, s.request,
         ${candidate === null ? '' : `${id} AS candidate, `}s.label, s.weight${kept}
       FROM sample_rows s ${candidate === null ? '' : `JOIN ${rows} i ON i.${row} = s.candidate`}
         ${kept === '' ? '' : `JOIN ${input.table} t ON t.rowid = s.ord`}
       WHERE s.task = ${taskNumber} ORDER BY s.rowid`,
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

/** Size and checksum of every file below the folder, by its path there; `known` are those of files that were taken over. */
export async function describeFiles(
  folder: string,
  known: Manifest['files'],
  advance: Advance,
): Promise<Manifest['files']> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const described: Record<string, { bytes: number; sha256: string }> = {};
  const files = await Promise.all(
    paths.sort().map(async (path) => ({ path, bytes: (await stat(path)).size })),
  );
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { path, bytes } of files) {
    advance(done, total);
    const name = relative(folder, path);
    described[name] = known[name] ?? { bytes, sha256: await fileSha256(path) };
    done += bytes;
  }
  return described;
}
