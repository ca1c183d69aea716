/** Opens a bundle for serving: checked by its golden requests, with the prepared data that it takes histories from. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { preparedPaths } from '../common/prepared.js';
import type { PreparedData } from '../dataset/prepared.js';
import { buildBatch } from '../delivery/build-batch.js';
import { type BundleOrigin, bundlePaths } from '../delivery/bundle-format.js';
import { parquetSql, rowsOfQuery, withDatabase } from '../delivery/database.js';
import type { ScoreTask } from '../delivery/golden.js';
import { type BundleTables, openBundleTables } from '../delivery/open-bundle.js';
import type { EncodingModel } from '../delivery/open-model.js';
import { openOwnPrepared } from '../delivery/own-prepared.js';
import { openHistories } from '../delivery/predict/prepared-histories.js';
import { logitsOfData } from '../delivery/score-requests.js';
import type { Limits } from './limits.js';
import { ModelThread } from './model-thread.js';
import { ServedModel, type Watcher } from './served-model.js';
import type { PreparedUsers } from './user-history.js';

export interface OpenServed {
  readonly model: ServedModel;
  readonly origin: BundleOrigin;
  /** As of `ModelThread`. */
  readonly died: Promise<Error>;
  /** Answers what waits, then lets go of weights and files. */
  close(): Promise<void>;
}

export interface OpenServedInput {
  readonly bundle: string;
  /** Prepared data; null for none. */
  readonly prepared: string | null;
  readonly limits: Limits;
  readonly watcher: Watcher;
  readonly logger: Logger;
}

/**
 * The weights are read by the thread of the model alone, which is also asked the golden requests: a server that reloads answers
 * meanwhile.
 * @throws UserError for a bundle that is none or does not hold, and for prepared data that does not go with it
 */
export async function openServed(input: OpenServedInput): Promise<OpenServed> {
  const { limits, watcher, logger } = input;
  return withDatabase(async (connection) => {
    const bundle = await openBundleTables(connection, input.bundle);
    const thread = await startThread(bundle);
    try {
      const { origin } = bundle.head;
      const { requests, samples, difference } = await bundle.check(scoreOf(thread));
      const what = { folder: input.bundle, ...origin, requests, samples, difference };
      logger.info(what, `golden predictions of ${input.bundle} hold`);
      const users = input.prepared === null ? null : await openUsers(connection, bundle, input.prepared);
      const prepared = users?.prepared ?? null;
      const model = new ServedModel({ model: users?.model ?? bundle, thread, prepared, limits, watcher });
      const close = async () => {
        await model.drained();
        await thread.close();
        users?.close();
      };
      return { model, origin, died: thread.died, close };
    } catch (error) {
      await thread.close();
      throw error;
    }
  });
}

/** @throws UserError for weights that cannot be read, or are others than those of the bundle */
async function startThread({ folder, head }: BundleTables): Promise<ModelThread> {
  const { sha256 } = head.files[bundlePaths.weights]!;
  const path = join(folder, bundlePaths.weights);
  return ModelThread.start({ path, sha256, shape: head.shape }).catch((error: Error) => {
    // Between threads, an error loses its class.
    throw error.name === 'UserError' ? new UserError(error.message, { cause: error }) : error;
  });
}

const scoreOf =
  (thread: ModelThread): ScoreTask =>
  async (task, asked) => {
    const logits = await thread.score(buildBatch(thread.shape, asked), {});
    return logitsOfData(thread, task, logits[task] ?? new Float32Array(0));
  };

interface OpenUsers {
  readonly model: EncodingModel;
  readonly prepared: PreparedUsers;
  close(): void;
}

async function openUsers(
  connection: DuckDBConnection,
  bundle: BundleTables,
  folder: string,
): Promise<OpenUsers> {
  const { model, prepared } = await openOwnPrepared(connection, bundle, folder);
  try {
    const indexes = await readUsers(connection, prepared);
    const histories = openHistories(connection, model.config, prepared, model.catalogues.items);
    const close = () => {
      histories.close();
      prepared.close();
    };
    return { model, prepared: { indexes, histories, lastSecond: secondOf(prepared) }, close };
  } catch (error) {
    prepared.close();
    throw error;
  }
}

/** User id -> index, all in memory. */
async function readUsers(
  connection: DuckDBConnection,
  { folder }: PreparedData,
): Promise<ReadonlyMap<string, number>> {
  const users = new Map<string, number>();
  const sql = `SELECT user_id, "user"::INTEGER FROM ${parquetSql(join(folder, preparedPaths.users))}`;
  for await (const rows of rowsOfQuery<[string, number]>(connection, sql)) {
    for (const [id, index] of rows) users.set(id, index);
  }
  return users;
}

/** The second of the latest event; -1 without any. */
function secondOf({ manifest: { lastEvent } }: PreparedData): number {
  return lastEvent === null ? -1 : Math.floor(Date.parse(lastEvent) / 1000);
}
