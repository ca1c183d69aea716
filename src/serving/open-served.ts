/** Opens a bundle for serving: checked by its golden requests, with the prepared data that it takes histories from. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from '../common/context.js';
import { preparedPaths } from '../common/prepared.js';
import type { PreparedData } from '../dataset/prepared.js';
import type { BundleOrigin } from '../delivery/bundle-format.js';
import { parquetSql, rowsOfQuery, withDatabase } from '../delivery/database.js';
import { openBundle } from '../delivery/open-bundle.js';
import { openOwnPrepared } from '../delivery/own-prepared.js';
import { openHistories } from '../delivery/predict/prepared-histories.js';
import type { Limits } from './limits.js';
import { ServedModel, type Watcher } from './served-model.js';

export interface OpenServed {
  readonly model: ServedModel;
  readonly origin: BundleOrigin;
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

/** @throws UserError for a bundle that is none or does not hold, and for prepared data that does not go with it */
export async function openServed(input: OpenServedInput): Promise<OpenServed> {
  const { limits, watcher, logger } = input;
  return withDatabase(async (connection) => {
    const bundle = await openBundle(connection, input.bundle);
    const { origin } = bundle.head;
    try {
      const { requests, samples, difference } = await bundle.check();
      const what = { folder: input.bundle, ...origin, requests, samples, difference };
      logger.info(what, `golden predictions of ${input.bundle} hold`);
      if (input.prepared === null) {
        const model = new ServedModel({ model: bundle, prepared: null, limits, watcher });
        return { model, origin, close: () => model.drained().then(() => bundle.close()) };
      }
      const { model: own, prepared } = await openOwnPrepared(connection, bundle, input.prepared);
      try {
        const indexes = await readUsers(connection, prepared);
        const histories = openHistories(connection, own.config, prepared, own.catalogues.items);
        const lastSecond = secondOf(prepared);
        const users = { indexes, histories, lastSecond };
        const model = new ServedModel({ model: own, prepared: users, limits, watcher });
        const close = async () => {
          await model.drained();
          histories.close();
          prepared.close();
          bundle.close();
        };
        return { model, origin, close };
      } catch (error) {
        prepared.close();
        throw error;
      }
    } catch (error) {
      bundle.close();
      throw error;
    }
  });
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
