/** The first records of a text file as a file of its own, packed or not. */
import { createReadStream } from 'node:fs';
import { open, truncate } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, UserError } from '../../common/errors.js';
import { systemProblem } from '../../common/system-problem.js';
import type { InputFile } from './input-files.js';
import { MAX_RECORD_BYTES, scanFile, type TextFile } from './scan-file.js';

/** No record that starts before this is cut off. */
const HEAD_BYTES = 4 << 20;
const TAKEN_BYTES = HEAD_BYTES + MAX_RECORD_BYTES + 2;

export interface HeadBytes {
  /** The whole text is there. */
  readonly isWhole: boolean;
  /** Bytes of the whole text, about: of a gzip file, as if all of it were packed as well as its head. */
  readonly textBytes: number;
}

/** Writes the unpacked beginning to `target`. @throws UserError for a gzip file that is damaged there. */
export async function takeHead(input: InputFile, isGzip: boolean, target: string): Promise<HeadBytes> {
  const source = createReadStream(input.path);
  const unpacking = isGzip ? createGunzip() : undefined;
  if (unpacking) source.on('error', (error) => unpacking.destroy(error)).pipe(unpacking);
  const output = await open(target, 'w');
  let taken = 0;
  let isWhole = true;
  try {
    for await (const chunk of unpacking ?? source) {
      const bytes = (chunk as Buffer).subarray(0, TAKEN_BYTES - taken);
      await output.write(bytes);
      taken += bytes.length;
      if (bytes.length < (chunk as Buffer).length) {
        isWhole = false;
        break;
      }
    }
  } catch (error) {
    if (!unpacking || systemProblem(error) !== null) throw error;
    throw new UserError(
      `Cannot unpack ${input.shownPath}: required a whole gzip file, got ${messageOf(error)}`,
      { cause: error },
    );
  } finally {
    source.destroy();
    await output.close();
  }
  const packed = unpacking ? unpacking.bytesWritten : taken;
  const textBytes = isWhole ? taken : Math.round(taken * (input.bytes / Math.max(packed, 1)));
  return { isWhole, textBytes };
}

/**
 * Cuts the file behind its first `maxRecords` records, well-formed or not, and before any that may be cut off.
 * Returns whether something was cut, and the bytes and records left.
 */
export async function cutRecords(
  file: TextFile,
  isWhole: boolean,
  maxRecords: number,
): Promise<{ readonly isWhole: boolean; readonly bytes: number; readonly records: number }> {
  const before = isWhole ? Number.POSITIVE_INFINITY : HEAD_BYTES;
  let records = 0;
  let bytes = 0;
  let isCut = !isWhole;
  const count = ({ byteOffset, start, end }: { byteOffset: number; start: number; end: number }) => {
    if (records >= maxRecords || byteOffset >= before) {
      isCut = true;
      return;
    }
    records++;
    bytes = byteOffset + end - start;
  };
  await scanFile(file, { record: count, problem: count });
  if (isCut && records > 0) await truncate(file.path, bytes);
  return { isWhole: !isCut, bytes, records };
}
