/** The list of rejected rows: a CSV of file, line, byte_offset, column, reason, text. */
import { once } from 'node:events';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';

export interface Reject {
  readonly file: string;
  /** From 1, of the first line of the row; of Parquet, the number of the row. */
  readonly line: number;
  /** In the (unpacked) text; null for Parquet. */
  readonly byteOffset: number | null;
  /** Empty where no column is to blame. */
  readonly column: string;
  readonly reason: string;
  /** The row as it stands there; U+FFFD for bytes that are no UTF-8. */
  readonly text: string;
}

export interface RejectsFile {
  write(reject: Reject): void;
  /** Waits while more is written than the disk takes. */
  drain(): Promise<void>;
  close(): Promise<void>;
  /** The first few rejects written. */
  readonly first: readonly Reject[];
  /** All of them are in the file; false where they were more than `MAX_LISTED`: what is written from then on is left out. */
  readonly isWhole: boolean;
}

/** A file that is no log at all would be listed line by line, in many times its size. */
export const MAX_LISTED = 1_000_000;

const MAX_TEXT = 10_000;
const MAX_FIRST = 5;
const HELD_CHARACTERS = 1 << 16;

/** The file is made with the first reject; without one, there is none. */
export function rejectsFile(path: string, maxListed = MAX_LISTED): RejectsFile {
  const first: Reject[] = [];
  let listed = 0;
  let stream: WriteStream | undefined;
  let held = '';
  let failure: Error | undefined;
  const open = (): WriteStream => {
    mkdirSync(dirname(path), { recursive: true });
    const opened = createWriteStream(path);
    opened.on('error', (error) => {
      failure = error;
    });
    held = 'file,line,byte_offset,column,reason,text\n';
    return opened;
  };
  const passOn = () => {
    const text = held;
    held = '';
    stream?.write(text);
  };
  return {
    first,
    get isWhole() {
      return listed <= maxListed;
    },
    write(reject) {
      listed++;
      if (listed > maxListed) return;
      stream ??= open();
      if (first.length < MAX_FIRST) first.push(reject);
      const { file, line, byteOffset, column, reason, text } = reject;
      const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
      held += `${[file, line, byteOffset ?? '', column, reason, shown].map(quoteCell).join(',')}\n`;
      if (held.length >= HELD_CHARACTERS) passOn();
    },
    async drain() {
      if (failure) throw failure;
      if (stream?.writableNeedDrain) await once(stream, 'drain');
    },
    async close() {
      if (stream && !stream.writableEnded) {
        passOn();
        stream.end();
      }
      if (stream && !stream.closed) await once(stream, 'close');
      if (failure) throw failure;
    },
  };
}

function quoteCell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
