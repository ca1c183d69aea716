/** Finds the prepared data of a config, and refuses what does not fit it any more. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { recoverFolder } from '../common/files.js';
import { type Manifest, PREPARED_FORMAT } from '../common/prepared.js';
import { readManifest } from '../common/read-manifest.js';
import { describeDifference, preparedHash, preparedSlice } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';

export interface Prepared {
  readonly folder: string;
  readonly manifest: Manifest;
}

export function preparedFolder({ preprocess, name }: Config): string {
  return join(preprocess.folder, name);
}

/**
 * `action` is what the data is needed for, `configFile` what preprocess would be called with.
 * @throws UserError when there is none, or it was made from other settings or another state of its files
 */
export async function requirePrepared(
  config: Config,
  { action, configFile, logger }: { action: string; configFile: string; logger: Logger },
): Promise<Prepared> {
  const folder = preparedFolder(config);
  const refuse = (text: string) =>
    new UserError(`Cannot ${action}: ${text}\n  run \`dupn preprocess -c ${configFile}\``);
  await recoverFolder(folder);
  const manifest = readManifest(folder);
  if (!manifest) {
    throw new UserError(
      `Cannot ${action}: expected prepared data in ${folder}, got none\n  run \`dupn preprocess -c ${configFile}\``,
    );
  }
  if (manifest.format !== PREPARED_FORMAT) {
    throw refuse(`expected prepared data of format ${PREPARED_FORMAT} in ${folder}, got ${manifest.format}`);
  }
  const slice = preparedSlice(config);
  if (manifest.configHash !== preparedHash(slice)) {
    const lines = describeDifference(manifest.config, slice).map((line) => `\n  ${line}`);
    throw refuse(`the data in ${folder} was prepared with other settings${lines.join('')}`);
  }
  await checkInputs(manifest, config, refuse, logger);
  return { folder, manifest };
}

/** Prepared data may be used where its inputs are not; where they are, they should be the same. */
async function checkInputs(
  manifest: Manifest,
  config: Config,
  refuse: (text: string) => UserError,
  logger: Logger,
): Promise<void> {
  for (const { path, bytes, modifiedMs } of manifest.inputs) {
    const found = await stat(resolve(config.data.root, path)).catch(() => null);
    if (!found) continue;
    if (found.size !== bytes) {
      throw refuse(`${path} has changed since it was prepared: it had ${bytes} bytes, now ${found.size}`);
    }
    if (Math.abs(found.mtimeMs - modifiedMs) >= 1) {
      logger.warn({ path }, 'a table was written to since it was prepared, and has the same size');
    }
  }
}
