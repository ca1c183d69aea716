/** Plain text from a gzip file: DuckDB reads that in parallel, and places in it can be told. */
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, UserError } from '../../common/errors.js';
import { systemProblem } from '../../common/system-problem.js';
import type { InputFile } from './input-files.js';

/** Logs are packed to a fifth, or a thirtieth where columns repeat; gzip can't pack to less than a thousandth. */
const MAX_RATIO = 200;
/** What is smaller does no harm. */
const MIN_BYTES = 1 << 30;

/**
 * Unpacks the whole file; says how many of its bytes are done.
 * @throws UserError when it is cut off, damaged, or made to fill the disk.
 */
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
    await pipeline(
      source,
      gunzip,
      limitedTo(input, Math.max(MIN_BYTES, MAX_RATIO * input.bytes)),
      createWriteStream(target),
    );
  } catch (error) {
    if (!isDamaged || error instanceof UserError || systemProblem(error) !== null) throw error;
    throw new UserError(
      `Cannot unpack ${input.shownPath}: required a whole gzip file, got ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Lets everything through, up to so many bytes. */
function limitedTo({ shownPath, bytes }: InputFile, maxBytes: number): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      total += chunk.length;
      if (total <= maxBytes) return done(null, chunk);
      const message =
        `Cannot unpack ${shownPath}: required at most ${MAX_RATIO} times the ${bytes} bytes that it has packed, got more; ` +
        'if it is meant so, unpack it first (gunzip)';
      done(new UserError(message));
    },
  });
}
