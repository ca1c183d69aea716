/** What lies in the prepared folder already, and whether a new run would write it again. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CarriedFrom, type Manifest, PREPARED_FORMAT } from '../common/prepared.js';
import { preparedHash, preparedSlice } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';
import type { Carried } from './carried.js';

/** Whether a new run of the config would write the folder of this manifest again just so. */
export async function isUnchanged(
  config: Config,
  folder: string,
  manifest: Manifest,
  carried: CarriedFrom | undefined,
): Promise<boolean> {
  if (manifest.format !== PREPARED_FORMAT) return false;
  if (manifest.configHash !== preparedHash(preparedSlice(config))) return false;
  if (!isSameCarried(manifest.carried, carried)) return false;
  for (const input of manifest.inputs) if (!(await isSameInput(config, input))) return false;
  return (await damagedFiles(folder, manifest)).length === 0;
}

/** Whether a file has the size and the date that a manifest says. */
export async function isSameInput(
  { data }: Config,
  { path, bytes, modifiedMs }: Manifest['inputs'][number],
): Promise<boolean> {
  const found = await stat(resolve(data.root, path)).catch(() => null);
  return found !== null && found.size === bytes && Math.abs(found.mtimeMs - modifiedMs) < 1;
}

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
