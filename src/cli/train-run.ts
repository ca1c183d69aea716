/** Trains the run of a config in its folder, which is locked meanwhile and gets the log. */
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { type FitResult, fit } from '../training/fit.js';
import { runPaths } from '../training/run-folder.js';
import { openRun } from './open-run.js';
import type { Prepared } from './require-prepared.js';
import type { Session } from './session.js';

/** @throws UserError when the run cannot be opened with these options (`openRun`) */
export async function trainRun(
  config: Config,
  prepared: Prepared,
  options: { readonly resume: boolean; readonly force: boolean },
  { context, copyLogTo }: Session,
): Promise<{ readonly folder: string; readonly result: FitResult }> {
  const { folder, lock } = await openRun(config, options);
  try {
    const stopCopying = copyLogTo(join(folder, runPaths.log));
    const { manifest, folder: preparedFolder } = prepared;
    const input = { config, manifest, preparedFolder, runFolder: folder, context };
    return { folder, result: await fit(input).finally(stopCopying) };
  } finally {
    await lock.release();
  }
}
