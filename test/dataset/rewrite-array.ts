/** Gives an array of a prepared folder other numbers, as if preprocess had written them. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, preparedPaths } from '../../src/common/prepared.js';

export async function rewriteArray(folder: string, path: string, array: ArrayBufferView): Promise<void> {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  await writeFile(join(folder, path), bytes);
  const file = join(folder, preparedPaths.manifest);
  const { sha256: _, ...manifest } = JSON.parse(await readFile(file, 'utf8')) as Manifest & {
    sha256?: string;
  };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const files = { ...manifest.files, [path]: { bytes: bytes.length, sha256 } };
  await writeFile(file, JSON.stringify({ ...manifest, files }));
}
