/** Whether files that this machine does not see are as a manifest says. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../../common/context.js';
import type { Manifest } from '../../common/prepared.js';
import type { Config } from '../../config/schema.js';
import { isSameFile } from '../reuse.js';
import { openSpark } from './session.js';

/** Starts Spark for it; false where the config does not read by Spark. */
export async function areUnchanged(
  config: Config,
  inputs: Manifest['inputs'],
  logFile: string,
  { logger }: Context,
): Promise<boolean> {
  if (config.preprocess.engine !== 'spark') return false;
  logger.info({ file: logFile }, 'Spark is started to see whether the tables have changed');
  const spark = await openSpark(config, {
    logFile,
    localStaging: join(tmpdir(), `dupn-staging-${process.pid}`),
  });
  try {
    for (const input of inputs) {
      const [found] = await spark.list(input.path);
      if (!found || !isSameFile(input, found)) return false;
    }
    return true;
  } finally {
    await spark.close();
  }
}
