/** Prepares the data of a config in its folder, which is locked meanwhile. */
import { lockFolder } from '../common/lock.js';
import { readManifest } from '../common/read-manifest.js';
import type { Config } from '../config/schema.js';
import { verifyPrepared } from '../dataset/verify-prepared.js';
import { type PreprocessInput, type PreprocessResult, preprocess } from '../preprocess/preprocess.js';
import { preparedFolder } from './require-prepared.js';

export async function prepareFolder(
  config: Config,
  options: Pick<PreprocessInput, 'force' | 'update' | 'carry' | 'context'>,
): Promise<PreprocessResult> {
  const folder = preparedFolder(config);
  const lock = await lockFolder(folder, 'the prepared data');
  try {
    // What goes on from a folder would write down what is damaged there as if it were whole.
    const goesOn = options.carry?.folder ?? (options.update && !options.force ? folder : undefined);
    const manifest = goesOn === undefined ? null : readManifest(goesOn);
    if (manifest) await verifyPrepared(goesOn!, manifest, options.context.progress);
    return await preprocess({ config, folder, ...options });
  } finally {
    await lock.release();
  }
}
