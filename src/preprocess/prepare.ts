/** The plan: from the tables in DuckDB to vocabularies, rows, streams, requests and samples, and the files of all of them. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Context } from '../common/context.js';
import { numberOf } from '../common/database.js';
import { type Manifest, PREPARED_FORMAT, preparedPaths } from '../common/prepared.js';
import { writeSealedJson } from '../common/sealed-json.js';
import { preparedHash, preparedSlice } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';
import { zoneOffsets } from '../features/local-time.js';
import { propertyStrides } from '../features/property-code.js';
import { type Carried, encodingOf } from './carried.js';
import { createCarriedSql } from './carried-tables.js';
import { checkHistories } from './check-histories.js';
import { checkSamples } from './check-samples.js';
import { createContextCodesSql, createContextsSql, createContextVocabulariesSql } from './contexts.js';
import { createEntitiesSql, createEntityFieldsSql } from './entities.js';
import { createEventsSql, createUsersSql } from './events.js';
import { createItemFieldsSql, createItemsSql, createItemTableSql } from './items.js';
import { keptColumns, writeKeptLog } from './kept-log.js';
import { deriveSamples } from './labels/derive.js';
import { writeItemNumbers } from './numbers.js';
import type { Phases } from './phases.js';
import { placeEvents, type Segment } from './place-events.js';
import { createQueryWordsSql, writeQueryWords } from './query-words.js';
import { checkBehaviors } from './ranking/check-behaviors.js';
import { createComputedFeaturesSql, tasksWithComputedFeatures } from './ranking/computed-features.js';
import { createPredictionsSql, reportPredictions } from './ranking/predicted-ctr.js';
import { isoOf, type Read, timesOf } from './read-inputs.js';
import { reportEmptyParts } from './report-samples.js';
import {
  createAskedSql,
  createItemCountsSql,
  createRequestKeysSql,
  createRequestsSql,
  createSamplesSql,
} from './requests.js';
import { carriedFrom } from './reuse.js';
import { requestsBySplit, sampleCounts } from './row-counts.js';
import { microseconds, splitBounds, updateBounds } from './split-bounds.js';
import { linkSegments, type Update, unionOfInputs } from './update.js';
import {
  createProfilesSql,
  createRequestUsersSql,
  createUserProfilesSql,
  createUsersMetSql,
  createUserVocabulariesSql,
} from './user-fields.js';
import { vocabularyTable } from './vocabulary.js';
import { writeEntities } from './write-entities.js';
import { writeItems, writePropertyFields, writeUserFields } from './write-fields.js';
import { describeFiles, writeRequests, writeSamples, writeUsers } from './write-prepared.js';

export interface Plan {
  readonly config: Config;
  readonly read: Read;
  /** Whose encoding goes on; of an update, the folder itself. */
  readonly carried: Carried | null;
  readonly update: Update | null;
  /** Whether the log is kept for updates. */
  readonly keepsLog: boolean;
  /** For temporary files. */
  readonly work: string;
  readonly context: Context;
}

/** Writes the prepared folder to `target`; the manifest comes last. */
export async function prepare(
  connection: DuckDBConnection,
  { config, read, carried, update, keepsLog, work, context }: Plan,
  target: string,
  phases: Phases,
): Promise<Manifest> {
  const { logger } = context;
  const before = update?.carried.manifest;
  const encoding = encodingOf(config, carried);
  const sql = async (...statements: readonly string[]) => {
    for (const statement of statements) await connection.run(statement);
  };
  const period = await timesOf(connection, read.inputs);
  // From before the first day on, so that its start is known where the clocks change on it.
  const offsets = zoneOffsets(
    config.data.timeZone,
    period.firstSeconds - 2 * DAY_SECONDS,
    period.lastSeconds,
  );
  const bounds = update
    ? updateBounds(config, update.fromUs, period.lastEventUs)
    : await splitBounds(connection, config, read.inputs, period.lastEventUs);
  const { inputs, ...derived } = await phases.run('labels', async (advance) => {
    await checkBehaviors(connection, config, read.inputs, logger);
    await sql(...createCarriedSql(config, carried, encoding), ...createItemTableSql(config, read.inputs));
    const { firstEventUs: firstUs, lastEventUs: lastUs } = period;
    const times = { firstUs, lastUs, offsets };
    return deriveSamples(connection, config, read.inputs, bounds, times, encoding, advance);
  });
  const strides = await phases.run('items and contexts', async () => {
    await sql(createUsersSql(config, inputs), ...createItemsSql(config, inputs));
    await sql(...createEntitiesSql(config, inputs));
    await sql(...createContextsSql(config, inputs.log, offsets, bounds.evaluationFromUs));
    await sql(...createContextVocabulariesSql(config, encoding));
    const strides = propertyStrides(await propertyRows(connection, config));
    await sql(createContextCodesSql(config, strides));
    return strides;
  });
  await phases.sql('streams', [
    createEventsSql(config, inputs, offsets),
    // The largest table, as text: where nothing else reads it, its memory is for what follows.
    ...(keepsLog || tasksWithComputedFeatures(config).length > 0 ? [] : [`DROP TABLE ${inputs.log.table}`]),
  ]);
  await phases.sql('requests', createAskedSql(config, inputs, bounds, trainFroms(config)));
  const counts = await sampleCounts(connection, config, { ...read.rows, ...derived.rows });
  await checkSamples(connection, config, counts, logger);
  const count = (table: string) => numberOf(connection, `SELECT count(*) FROM ${table}`);
  const users = await count('user_rows');
  const earlier = before?.segments ?? [];
  const segment: Segment = { segment: `${earlier.length}`.padStart(4, '0'), firstRow: read.firstRow };
  await phases.run('histories', async () => {
    await sql(...createRequestKeysSql(config, bounds));
    const folders = { folder: target, work };
    await placeEvents(connection, folders, config, users, [...segmentsOf(before), segment]);
  });
  await phases.sql('samples', [
    createRequestsSql,
    ...createSamplesSql(config),
    ...createProfilesSql(config, inputs),
    createUsersMetSql(bounds),
    ...createUserVocabulariesSql(config, encoding),
    createRequestUsersSql(config),
    ...createUserProfilesSql(config),
    ...createQueryWordsSql(config, encoding),
    ...createPredictionsSql(config, inputs),
  ]);
  await checkHistories(connection, logger);
  await phases.sql('ranking features', createComputedFeaturesSql(config, inputs));
  await reportPredictions(connection, config, inputs, logger);
  await phases.sql('vocabularies', [
    createItemCountsSql(config, bounds),
    ...createItemFieldsSql(config, encoding),
    ...createEntityFieldsSql(config, encoding),
  ]);
  const linked = update ? await linkSegments(update.carried, target) : {};
  const manifest = await phases.run('write', async (advance): Promise<Omit<Manifest, 'files'>> => {
    const items = await count('item_rows');
    const requests = await count('request_rows');
    const fields = {
      item: await writeItems(connection, target, config, items, encoding),
      itemNumbers: await writeItemNumbers(connection, target, config, encoding),
      properties: await writePropertyFields(connection, target, config, strides, encoding),
      user: await writeUserFields(connection, target, config, encoding),
      query: await writeQueryWords(connection, target, config, requests, encoding),
    };
    const entities = await writeEntities(connection, target, config, fields.item, encoding);
    const keptLog = before?.keptLog ?? keptColumns(inputs.log);
    await writeUsers(connection, target, config, keepsLog);
    if (keepsLog) await writeKeptLog(connection, target, inputs.log, keptLog, segment);
    await writeRequests(connection, target, config);
    const { negativeRates } = derived;
    const tasks = await writeSamples(
      connection,
      target,
      config,
      inputs,
      requests,
      negativeRates,
      encoding,
      advance,
    );
    reportEmptyParts(tasks, counts, { isUpdate: update !== null, logger });
    const slice = preparedSlice(config);
    const carriedOn = update ? before!.carried : carried && carriedFrom(carried);
    return {
      format: PREPARED_FORMAT,
      name: config.name,
      configHash: preparedHash(slice),
      config: JSON.parse(JSON.stringify(slice)) as unknown,
      inputs: unionOfInputs(before?.inputs ?? [], read.files),
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
      coveredTo: isoOf(bounds.logEndUs),
      updateFrom: update && isoOf(update.fromUs),
      ...(keepsLog && { keptLog }),
      ...(carriedOn && { carried: carriedOn }),
      fields,
      entities,
      tasks,
      segments: [...earlier, segment.segment],
    };
  });
  const files = await phases.run('checksums', (advance) => describeFiles(target, linked, advance));
  await writeSealedJson(join(target, preparedPaths.manifest), { ...manifest, files });
  return { ...manifest, files };
}

/** The segments of an earlier preparation, whose events come first in the log. */
function segmentsOf(before: Manifest | undefined): Segment[] {
  let firstRow = 0;
  return (before?.segments ?? []).map((segment) => {
    const found = { segment, firstRow };
    // By the size of the item rows, 4 bytes each.
    firstRow += before!.files[preparedPaths.streamItems(segment)]!.bytes / 4;
    return found;
  });
}

const DAY_SECONDS = 86_400;

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
