/**
 * From the tables of a config to the prepared folder (docs/prepared-format.md): reads them into DuckDB, works the plan
 * out in SQL, writes files. The folder appears whole; an older one stays until then.
 */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Context } from '../common/context.js';
import { numberOf, openDatabase } from '../common/database.js';
import { recoverFolder, replaceFolder, withWorkFolder, writeJson } from '../common/files.js';
import { type Manifest, PREPARED_FORMAT, preparedPaths } from '../common/prepared.js';
import { preparedHash, preparedSlice } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';
import { zoneOffsets } from '../features/local-time.js';
import { propertyStrides } from '../features/property-code.js';
import { checkSamples } from './check-samples.js';
import { createContextCodesSql, createContextsSql, createContextVocabulariesSql } from './contexts.js';
import { createEntitiesSql, createEntityFieldsSql } from './entities.js';
import { createEventsSql, createUsersSql } from './events.js';
import { createItemFieldsSql, createItemsSql, createItemTableSql } from './items.js';
import { deriveSamples } from './labels/derive.js';
import { writeItemNumbers } from './numbers.js';
import { checkPattern, createQueryWordsSql, writeQueryWords } from './query-words.js';
import { checkBehaviors } from './ranking/check-behaviors.js';
import { createComputedFeaturesSql } from './ranking/computed-features.js';
import { createPredictionsSql, reportPredictions } from './ranking/predicted-ctr.js';
import { isoOf, readTables, timesOf } from './read-inputs.js';
import { reportEmptyParts } from './report-samples.js';
import {
  createAskedSql,
  createItemCountsSql,
  createProfilesSql,
  createRequestsSql,
  createRequestUsersSql,
  createSamplesSql,
  createUserVocabulariesSql,
} from './requests.js';
import { unchanged } from './reuse.js';
import { requestsBySplit, sampleCounts } from './row-counts.js';
import { microseconds, splitBounds } from './split-bounds.js';
import { vocabularyTable } from './vocabulary.js';
import { writeEntities } from './write-entities.js';
import { writeItems, writePropertyFields, writeUserFields } from './write-fields.js';
import { describeFiles, segments, writeRequests, writeSamples, writeStreams } from './write-prepared.js';

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

export async function preprocess(input: PreprocessInput): Promise<PreprocessResult> {
  const startMs = performance.now();
  const { config, folder, force } = input;
  await recoverFolder(folder);
  const secondsSoFar = () => (performance.now() - startMs) / 1000;
  const existing = force ? null : await unchanged(config, folder);
  if (existing) return { folder, skipped: true, seconds: secondsSoFar(), manifest: existing };
  // One preprocess at a time works on a folder: what an earlier one left is removed.
  return withWorkFolder(folder, async (work) => {
    let manifest: Manifest | undefined;
    await replaceFolder(folder, async (temporary) => {
      manifest = await prepare(input, work, temporary);
    });
    return { folder, skipped: false, seconds: secondsSoFar(), manifest: manifest! };
  });
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
    await checkPattern(connection, config);
    const read = await phase('read', () => readTables(input, connection, work, target));
    const period = await timesOf(connection, read.inputs);
    // From before the first day on, so that its start is known where the clocks change on it.
    const offsets = zoneOffsets(
      config.data.timeZone,
      period.firstSeconds - 2 * DAY_SECONDS,
      period.lastSeconds,
    );
    const bounds = await splitBounds(connection, config, read.inputs, period.lastEventUs);
    const { inputs, ...derived } = await phase('labels', async () => {
      await checkBehaviors(connection, config, read.inputs, input.context.logger);
      await sql(...createItemTableSql(config, read.inputs));
      const { firstEventUs, lastEventUs } = period;
      return deriveSamples(connection, config, read.inputs, bounds, {
        firstUs: firstEventUs,
        lastUs: lastEventUs,
        offsets,
      });
    });

    const strides = await phase('items and contexts', async () => {
      await sql(createUsersSql(config, inputs), ...createItemsSql(config, inputs));
      await sql(...createEntitiesSql(config, inputs));
      await sql(...createContextsSql(config, inputs.log, offsets, bounds.evaluationFromUs));
      await sql(...createContextVocabulariesSql(config));
      const widths = await propertyRows(connection, config);
      const strides = propertyStrides(widths);
      await sql(createContextCodesSql(config, strides));
      return strides;
    });
    await phase('streams', () => sql(createEventsSql(config, inputs, offsets)));
    const counts = await phase('requests', async () => {
      await sql(...createAskedSql(config, inputs, bounds, trainFroms(config)));
      const counts = await sampleCounts(connection, config, { ...read.rows, ...derived.rows });
      await checkSamples(connection, config, counts, input.context.logger);
      await sql(...createRequestsSql(config, bounds), ...createSamplesSql(config));
      await sql(...createProfilesSql(config, inputs), ...createUserVocabulariesSql(config, bounds));
      await sql(createRequestUsersSql(config), ...createQueryWordsSql(config));
      await sql(...createPredictionsSql(config, inputs), ...createComputedFeaturesSql(config, inputs));
      await reportPredictions(connection, config, inputs, input.context.logger);
      return counts;
    });
    await phase('vocabularies', () =>
      sql(
        createItemCountsSql(config, bounds),
        ...createItemFieldsSql(config),
        ...createEntityFieldsSql(config),
      ),
    );
    return await phase('write', async () => {
      const count = (table: string) => numberOf(connection, `SELECT count(*) FROM ${table}`);
      const users = await count('user_rows');
      const items = await count('item_rows');
      const requests = await count('request_rows');
      const fields = {
        item: await writeItems(connection, target, config, items),
        itemNumbers: await writeItemNumbers(connection, target, config),
        properties: await writePropertyFields(connection, target, config, strides),
        user: await writeUserFields(connection, target, config),
        query: await writeQueryWords(connection, target, config, requests),
      };
      const entities = await writeEntities(connection, target, config, fields.item);
      await writeStreams(connection, target, users);
      await writeRequests(connection, target, config);
      const tasks = await writeSamples(connection, target, config, inputs, requests, derived.negativeRates);
      reportEmptyParts(tasks, counts, input.context.logger);
      const slice = preparedSlice(config);
      const manifest: Manifest = {
        format: PREPARED_FORMAT,
        name: config.name,
        configHash: preparedHash(slice),
        config: JSON.parse(JSON.stringify(slice)) as unknown,
        inputs: read.files,
        rows: { ...read.rows, ...counts },
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
        entities,
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

const DAY_SECONDS = 86_400;

const PHASES = [
  'read',
  'labels',
  'items and contexts',
  'streams',
  'requests',
  'vocabularies',
  'write',
] as const;

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
