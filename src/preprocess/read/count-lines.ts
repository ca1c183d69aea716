/** Counts the records of a text whose every line is a well-formed one. Four bytes at a time, a fraction of the work of `scanFile`. */
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import type { Dialect } from './find-record.js';
import { MAX_RECORD_BYTES, type TextFile } from './scan-file.js';

const CHUNK_BYTES = 4 << 20;
const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = 0xef;

/**
 * The number of lines, the header left out; null, as soon as it shows, for a text that has more to it: quotes, carriage returns,
 * blank or over-long lines, another number of fields, bad UTF-8, a byte order mark. `onChunk` hears of the bytes that are done.
 */
export async function countLines(
  { path, dialect, hasHeader }: TextFile,
  onChunk: (bytesDone: number) => void,
): Promise<number | null> {
  const memory = new ArrayBuffer(MAX_RECORD_BYTES + CHUNK_BYTES);
  const window = Buffer.from(memory);
  const words = new Uint32Array(memory);
  let lines = 0;
  let length = 0;
  let done = 0;
  const handle = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await handle.read(window, length, CHUNK_BYTES, null);
      const isLast = bytesRead === 0;
      if (isLast && length === 0) return hasHeader ? lines - 1 : lines;
      const fresh = window.subarray(length, length + bytesRead);
      if (fresh.includes(CR) || (dialect.quote >= 0 && fresh.includes(dialect.quote))) return null;
      if (done === 0 && window[0] === BYTE_ORDER_MARK) return null;
      length += bytesRead;
      done += bytesRead;
      // A last line may lack its end.
      if (isLast) window[length++] = LF;
      const end = window.subarray(0, length).lastIndexOf(LF) + 1;
      const found = isUtf8(window.subarray(0, end)) ? lineEnds(window, words, end, dialect) : null;
      if (found === null || length - end > MAX_RECORD_BYTES) return null;
      lines += found;
      window.copyWithin(0, end, length);
      length -= end;
      onChunk(done);
    }
  } finally {
    await handle.close();
  }
}

/** The upper bit of each byte of a word that is zero. */
const zeroBytes = (word: number) => ~(((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word | 0x7f7f7f7f);

/** How many bytes have their upper bit set, of a word that has no other bits. */
const countBytes = (bits: number) => Math.imul(bits >>> 7, 0x01010101) >>> 24;

/** Of whole lines in the first `end` bytes; null where one is blank or over-long, or has another number of fields. */
function lineEnds(
  bytes: Uint8Array,
  words: Uint32Array,
  end: number,
  { delimiter, fields }: Dialect,
): number | null {
  const whole = end >>> 2;
  const delimiters = Math.imul(delimiter, 0x01010101);
  const expected = fields - 1;
  let found = 0;
  let lines = 0;
  let lastWord = 0;
  // As if the byte before the first were a line end.
  let before = -1;
  for (let at = 0; at < whole; at++) {
    const ends = zeroBytes(words[at]! ^ 0x0a0a0a0a);
    const between = zeroBytes(words[at]! ^ delimiters);
    if (ends === 0) {
      found += countBytes(between);
    } else {
      if ((ends & (ends << 8)) !== 0 || ((ends & 0x80) !== 0 && before < 0)) return null;
      if ((at - lastWord) * 4 > MAX_RECORD_BYTES) return null;
      lastWord = at;
      for (let rest = ends, within = between; ; ) {
        // The bytes before the first end that is left, then those behind it.
        const before = (rest & -rest) - 1;
        if (found + countBytes(within & before) !== expected) return null;
        lines++;
        within &= ~before;
        found = 0;
        rest &= rest - 1;
        if (rest !== 0) continue;
        found = countBytes(within);
        break;
      }
    }
    before = ends;
  }
  let isAfterEnd = before < 0;
  for (let at = whole * 4; at < end; at++) {
    const isEnd = bytes[at] === LF;
    if (isEnd && isAfterEnd) return null;
    if (bytes[at] === delimiter) found++;
    if (isEnd) {
      if (found !== expected) return null;
      found = 0;
      lines++;
    }
    isAfterEnd = isEnd;
  }
  return lines;
}
