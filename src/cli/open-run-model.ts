/** The best weights of a run with the prepared data that they fit, ready to be asked with raw values. */
import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Progress } from '../common/context.js';
import type { Config } from '../config/schema.js';
import { openPrepared, type PreparedData } from '../dataset/prepared.js';
import { verifyPrepared } from '../dataset/verify-prepared.js';
import type { BundleOrigin } from '../delivery/bundle-format.js';
import { type ItemStates, statesOfLog } from '../delivery/item-states.js';
import { type OpenModel, openModel } from '../delivery/open-model.js';
import { modelShape } from '../model/shape.js';
import { loadBest } from '../training/earlier-run.js';
import { findRun } from './open-run.js';
import type { Prepared } from './require-prepared.js';

export interface RunModel {
  readonly model: OpenModel;
  readonly prepared: PreparedData;
  readonly states: ItemStates;
  readonly origin: BundleOrigin;
  close(): void;
}

/** Larger arrays of the prepared data are read a piece at a time. */
const LOAD_BELOW_BYTES = 16 * 2 ** 20;

/** What is read of the prepared data to ask a model; events and requests are not. */
const ENCODING = ['vocabulary/', 'items/', 'entities/'];

/**
 * `run` is a folder or a name, by default that of the config.
 * @throws UserError when it has no weights, or those of another model, and for damaged vocabularies
 */
export async function openRunModel(
  connection: DuckDBConnection,
  config: Config,
  { folder, manifest }: Prepared,
  run: string | undefined,
  progress: Progress,
): Promise<RunModel> {
  await verifyPrepared(folder, manifest, progress, ENCODING);
  const runFolder = findRun(config, run);
  const best = { manifest, preparedFolder: folder };
  const { weights, state } = await loadBest(runFolder, modelShape(config, manifest), best);
  const prepared = openPrepared(folder, { loadBelowBytes: LOAD_BELOW_BYTES });
  const close = () => {
    weights.dispose();
    prepared.close();
  };
  try {
    const states = await statesOfLog(connection, prepared);
    const model = await openModel(connection, { config, weights, manifest, folder, states });
    const { step, learnedTo } = state;
    return { model, prepared, states, origin: { run: basename(runFolder), step, learnedTo }, close };
  } catch (error) {
    close();
    throw error;
  }
}
