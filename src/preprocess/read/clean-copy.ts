/** A copy of a text file that every reader takes alike: its well-formed records, in the plainest form. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { FileKind } from './file-format.js';
import { decodeRecord } from './header.js';
import { scanFile, type TextFile } from './scan-file.js';

const BUFFER_BYTES = 1 << 20;

/** Without header, and without blank lines where they are no records; each record ended by \n. */
export async function writeCleanCopy(file: TextFile, kind: FileKind, target: string): Promise<void> {
  const stream = createWriteStream(target, { highWaterMark: BUFFER_BYTES });
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure = error;
  });
  let buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let used = 0;
  const append = (bytes: Uint8Array, start: number, end: number) => {
    const size = end - start + 1;
    if (used + size > buffer.length) {
      stream.write(buffer.subarray(0, used));
      buffer = Buffer.allocUnsafe(Math.max(BUFFER_BYTES, size));
      used = 0;
    }
    buffer.set(bytes.subarray(start, end), used);
    buffer[used + size - 1] = 0x0a;
    used += size;
  };
  await scanFile(file, {
    record({ bytes, start, end }, isOdd) {
      if (!isOdd) {
        append(bytes, start, end);
        return;
      }
      const plain = Buffer.from(plainRecord(Buffer.from(bytes.subarray(start, end)).toString(), kind));
      append(plain, 0, plain.length);
    },
    async chunk() {
      if (failure) throw failure;
      if (stream.writableNeedDrain) await once(stream, 'drain');
    },
  });
  stream.end(buffer.subarray(0, used));
  if (!stream.closed) await once(stream, 'close');
  if (failure) throw failure;
}

function plainRecord(text: string, kind: FileKind): string {
  const quote = String.fromCharCode(kind.quote);
  return decodeRecord(text, kind)
    .map((field) => quote + field.replaceAll(quote, quote + quote) + quote)
    .join(String.fromCharCode(kind.delimiter));
}
