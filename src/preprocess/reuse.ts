/** Whether a prepared folder is what a new run would write again. */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Manifest, PREPARED_FORMAT, preparedPaths } from '../common/prepared.js';
import { preparedHash, preparedSlice } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';

/** The manifest of a folder that a new run would write again just so; null otherwise. */
export async function unchanged(config: Config, folder: string): Promise<Manifest | null> {
  const text = await readFile(join(folder, preparedPaths.manifest), 'utf8').catch(() => null);
  if (text === null) return null;
  const manifest = JSON.parse(text) as Manifest;
  if (manifest.format !== PREPARED_FORMAT) return null;
  if (manifest.configHash !== preparedHash(preparedSlice(config))) return null;
  const sizeOf = async (path: string) => (await stat(path).catch(() => null)) ?? null;
  for (const { path, bytes, modifiedMs } of manifest.inputs) {
    const found = await sizeOf(resolve(config.data.root, path));
    if (!found || found.size !== bytes || Math.abs(found.mtimeMs - modifiedMs) >= 1) return null;
  }
  for (const [path, { bytes }] of Object.entries(manifest.files)) {
    if ((await sizeOf(join(folder, path)))?.size !== bytes) return null;
  }
  return manifest;
}
