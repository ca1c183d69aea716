/** Prepares the data of a config in its folder, which is locked meanwhile. */
import { basename, dirname, join } from 'node:path';
import type { Context } from '../common/context.js';
import { acquireLock } from '../common/lock.js';
import type { Config } from '../config/schema.js';
import { type PreprocessResult, preprocess } from '../preprocess/preprocess.js';
import { preparedFolder } from './require-prepared.js';

export async function prepareFolder(
  config: Config,
  {
    force,
    update = false,
    context,
  }: { readonly force: boolean; readonly update?: boolean; readonly context: Context },
): Promise<PreprocessResult> {
  const folder = preparedFolder(config);
  const lock = await acquireLock(join(dirname(folder), `.${basename(folder)}.lock`));
  try {
    return await preprocess({ config, folder, force, update, context });
  } finally {
    await lock.release();
  }
}
