/** Plain text from a gzip file: DuckDB reads that in parallel, and places in it can be told. */
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, UserError } from '../../common/errors.js';
import { systemProblem } from '../../common/system-problem.js';
import type { InputFile } from './input-files.js';

/** Unpacks the whole file; says how many of its bytes are done. @throws UserError when it is cut off or damaged. */
export async function unpack(
  input: InputFile,
  target: string,
  onProgress: (bytesDone: number) => void,
): Promise<void> {
  const source = createReadStream(input.path);
  source.on('data', () => onProgress(source.bytesRead));
  const gunzip = createGunzip();
  let isDamaged = false;
  gunzip.on('error', () => {
    isDamaged = true;
  });
  try {
    await pipeline(source, gunzip, createWriteStream(target));
  } catch (error) {
    if (!isDamaged || systemProblem(error) !== null) throw error;
    throw new UserError(
      `Cannot unpack ${input.shownPath}: required a whole gzip file, got ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
