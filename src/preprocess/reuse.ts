/** What lies in the prepared folder already, and whether a new run would write it again. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CarriedFrom, type Manifest, PREPARED_FORMAT } from '../common/prepared.js';
import { isUri } from '../common/uri.js';
import { preparedHash, preparedSlice } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';
import type { Carried } from './carried.js';

/** Whether a new run of the config would write the folder of this manifest again just so. `look` tells of inputs that are not on this machine, last of all. */
export async function isUnchanged(
  config: Config,
  folder: string,
  manifest: Manifest,
  carried: CarriedFrom | undefined,
  look: (inputs: Manifest['inputs']) => Promise<boolean>,
): Promise<boolean> {
  if (manifest.format !== PREPARED_FORMAT) return false;
  if (manifest.configHash !== preparedHash(preparedSlice(config))) return false;
  if (!isSameCarried(manifest.carried, carried)) return false;
  const [remote, local] = [true, false].map((is) => manifest.inputs.filter(({ path }) => isUri(path) === is));
  for (const input of local!) {
    const found = await stat(resolve(config.data.root, input.path)).catch(() => null);
    if (!found || !isSameFile(input, { bytes: found.size, modifiedMs: found.mtimeMs })) return false;
  }
  if ((await damagedFiles(folder, manifest)).length > 0) return false;
  return remote!.length === 0 || look(remote!);
}

type Input = Manifest['inputs'][number];

/** Whether two states of a file have the same size and date. */
export const isSameFile = (a: Omit<Input, 'path'>, b: Omit<Input, 'path'>): boolean =>
  a.bytes === b.bytes && Math.abs(a.modifiedMs - b.modifiedMs) < 1;

/** Paths in the folder whose files are missing or have another size than the manifest says. */
export async function damagedFiles(folder: string, { files }: Manifest): Promise<string[]> {
  const damaged: string[] = [];
  for (const [path, { bytes }] of Object.entries(files)) {
    const found = await stat(join(folder, path)).catch(() => null);
    if (found?.size !== bytes) damaged.push(path);
  }
  return damaged;
}

/** How the manifest names the folder that an encoding is carried on from. */
export function carriedFrom({ manifest, vocabularies }: Carried): CarriedFrom {
  const { name, configHash, coveredTo } = manifest;
  return { name, configHash, ...(coveredTo !== undefined && { coveredTo }), vocabularies };
}

function isSameCarried(was: CarriedFrom | undefined, now: CarriedFrom | undefined): boolean {
  const keys = ['name', 'configHash', 'coveredTo', 'vocabularies'] as const;
  return keys.every((key) => was?.[key] === now?.[key]);
}
