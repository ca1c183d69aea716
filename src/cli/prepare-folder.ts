/** Prepares the data of a config in its folder, which is locked meanwhile. */
import { basename, dirname, join } from 'node:path';
import { acquireLock } from '../common/lock.js';
import type { Config } from '../config/schema.js';
import { type PreprocessInput, type PreprocessResult, preprocess } from '../preprocess/preprocess.js';
import { preparedFolder } from './require-prepared.js';

export async function prepareFolder(
  config: Config,
  options: Pick<PreprocessInput, 'force' | 'update' | 'carry' | 'context'>,
): Promise<PreprocessResult> {
  const folder = preparedFolder(config);
  const lock = await acquireLock(join(dirname(folder), `.${basename(folder)}.lock`));
  try {
    return await preprocess({ config, folder, ...options });
  } finally {
    await lock.release();
  }
}
