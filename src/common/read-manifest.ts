/** The manifest of a prepared folder, as long as it is what preprocess wrote. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, UserError } from './errors.js';
import { type Manifest, preparedPaths } from './prepared.js';
import { unseal } from './sealed-json.js';

/** Null where there is none. @throws UserError for one that is damaged or cannot be read */
export function readManifest(folder: string): Manifest | null {
  const path = join(folder, preparedPaths.manifest);
  try {
    return unseal<Manifest>(path, readFileSync(path, 'utf8'), { mayLack: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    const remedy = 'put a whole copy of it there, or prepare the data again (dupn preprocess --force)';
    throw new UserError(
      `Cannot read the prepared data: ${messageOf(cause)}${code === undefined ? `\n  ${remedy}` : ''}`,
      { cause },
    );
  }
}
