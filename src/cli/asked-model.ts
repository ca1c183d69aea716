/** The model that predict and embed ask: a bundle, or a run with the prepared data that it was trained on. */

import type { DuckDBConnection } from '@duckdb/node-api';
import type { Command } from 'commander';
import type { Context } from '../common/context.js';
import { UserError } from '../common/errors.js';
import type { PreparedData } from '../dataset/prepared.js';
import type { OpenModel } from '../delivery/open-model.js';
import type { Io } from './io.js';
import { readConfig, type SharedOptions } from './session.js';

export interface AskedOptions extends SharedOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly run?: string;
  readonly bundle?: string;
  readonly prepared?: string;
}

export interface AskedModel {
  readonly model: OpenModel;
  /** What the model is called in messages. */
  readonly name: string;
  /** Null with a bundle for which none was named. */
  readonly prepared: PreparedData | null;
  close(): void;
}

export function withModelOptions(command: Command): Command {
  const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value];
  return command
    .option('-c, --config <file>', 'the YAML of the model: that of a run, with its prepared data')
    .option('--set <key=value>', 'override a key of the config (repeatable)', collect)
    .option('--run <run>', 'with --config: folder or name of the run; by default that of the config')
    .option('--bundle <folder>', 'instead of --config: what dupn export wrote')
    .option('--prepared <folder>', 'with --bundle: prepared data to take histories from');
}

/** @throws UserError when neither or both are named, and for a model that is none */
export async function openAskedModel(
  connection: DuckDBConnection,
  options: AskedOptions,
  action: string,
  { io, context }: { readonly io: Io; readonly context: Context },
): Promise<AskedModel> {
  const { config: file, bundle, run, prepared, set } = options;
  if ((file === undefined) === (bundle === undefined)) {
    throw new UserError(
      `Cannot ${action}: expected one of --config and --bundle, got ${file ? 'both' : 'neither'}`,
    );
  }
  if (file !== undefined) {
    if (prepared !== undefined) {
      throw new UserError(
        `Cannot ${action}: --prepared goes with --bundle; with --config it is preprocess.folder`,
      );
    }
    const config = await readConfig({ ...options, config: file }, io);
    const { requirePrepared } = await import('./require-prepared.js');
    const { openRunModel } = await import('./open-run-model.js');
    const data = await requirePrepared(config, { action, configFile: file, logger: context.logger });
    const opened = await openRunModel(connection, config, data, run, context.progress);
    return { ...opened, name: `the run ${opened.origin.run}` };
  }
  const unused = { '--run': run, '--set': set };
  for (const [flag, value] of Object.entries(unused)) {
    if (value !== undefined)
      throw new UserError(`Cannot ${action}: ${flag} goes with --config, not with --bundle`);
  }
  return openAskedBundle(connection, bundle!, prepared, context);
}

async function openAskedBundle(
  connection: DuckDBConnection,
  folder: string,
  preparedFolder: string | undefined,
  { logger }: Context,
): Promise<AskedModel> {
  const { openBundle } = await import('../delivery/open-bundle.js');
  const bundle = await openBundle(connection, folder);
  try {
    const { requests, samples, difference } = await bundle.check();
    logger.info({ folder, requests, samples, difference }, `golden predictions of ${folder} hold`);
    if (preparedFolder === undefined) {
      return { model: bundle, name: folder, prepared: null, close: () => bundle.close() };
    }
    const { openOwnPrepared } = await import('../delivery/own-prepared.js');
    const { model, prepared } = await openOwnPrepared(connection, bundle, preparedFolder);
    return {
      model,
      name: folder,
      prepared,
      close() {
        prepared.close();
        bundle.close();
      },
    };
  } catch (error) {
    bundle.close();
    throw error;
  }
}
