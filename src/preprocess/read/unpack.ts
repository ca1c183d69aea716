/** Plain text from a gzip file: DuckDB reads that in parallel, and places in it can be told. */
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, UserError } from '../../common/errors.js';
import type { InputFile } from './input-files.js';

/** Unpacks the whole file. @throws UserError when it is cut off or damaged. */
export async function unpack(input: InputFile, target: string): Promise<void> {
  const gunzip = createGunzip();
  let isDamaged = false;
  gunzip.on('error', () => {
    isDamaged = true;
  });
  try {
    await pipeline(createReadStream(input.path), gunzip, createWriteStream(target));
  } catch (error) {
    if (!isDamaged) throw error;
    throw new UserError(
      `Cannot unpack ${input.shownPath}: required a whole gzip file, got ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
