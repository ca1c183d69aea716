/** Goes through the records of a text file: counts them, and points at those that are malformed or asked for. */
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import {
  byteClasses,
  type Dialect,
  emptyRecord,
  endAtFirstLine,
  type FoundRecord,
  findRecord,
  type LineEnd,
  type Problem,
} from './find-record.js';

/** A longer record is malformed. DuckDB's own limit is higher, so that ours is the one that counts. */
export const MAX_RECORD_BYTES = 1 << 20;
const CHUNK_BYTES = 4 << 20;
const LF = 10;

export interface TextFile {
  readonly path: string;
  readonly dialect: Dialect;
  /** The first line names the columns. */
  readonly hasHeader: boolean;
}

/** A record in the window; valid until the visitor returns. */
export interface RecordView {
  readonly bytes: Uint8Array;
  /** In `bytes`; the line end is left out. */
  readonly start: number;
  readonly end: number;
  /** Of its first line in the file, from 1. */
  readonly line: number;
  /** Of its first byte in the file. */
  readonly byteOffset: number;
}

export interface ScanVisitor {
  /** A malformed record; `fields` are those found, where their number is wrong. */
  problem?(record: RecordView, problem: Problem, fields: number): void;
  /** The well-formed record of this number, from 0, is shown to `wanted`; undefined for none further. */
  nextWanted?(): number | undefined;
  wanted?(record: RecordView): void;
  /** Each well-formed record, in order: `odd` if other readers may take it in another way. */
  record?(record: RecordView, odd: boolean): void;
  /** After each chunk; its work is waited for. */
  chunk?(bytesDone: number): Promise<void> | void;
  /** Asked after each chunk: true ends the scan there. */
  isEnough?(): boolean;
}

export interface ScanSummary {
  /** Well-formed records, the header left out; in a file of one column, blank lines are counted too. */
  readonly records: number;
  readonly blankLines: number;
  readonly problems: Readonly<Partial<Record<Problem, number>>>;
  /** Records that go over several lines. */
  readonly multiLine: number;
  /** One kind of line end, no odd quotes: every reader takes the well-formed records alike. */
  readonly isPlain: boolean;
}

/** What is looked at to find out how a file is written. */
export const HEAD_RECORDS = 1000;
const HEAD_BYTES = 4 << 20;

/** The first well-formed records, their line ends left out; fewer than HEAD_RECORDS of long ones. */
export async function headRecords(
  file: TextFile,
): Promise<readonly { readonly text: string; readonly line: number; readonly byteOffset: number }[]> {
  const records: { text: string; line: number; byteOffset: number }[] = [];
  let bytesTaken = 0;
  const isEnough = () => records.length >= HEAD_RECORDS || bytesTaken >= HEAD_BYTES;
  await scanFile(file, {
    record({ bytes, start, end, line, byteOffset }) {
      if (!isEnough() && end > start) {
        bytesTaken += end - start;
        records.push({ text: Buffer.from(bytes.subarray(start, end)).toString(), line, byteOffset });
      }
    },
    isEnough,
  });
  return records;
}

/** The file is read once, in chunks; memory is bounded whatever it holds. */
export async function scanFile(file: TextFile, visitor: ScanVisitor = {}): Promise<ScanSummary> {
  const { dialect } = file;
  const classes = byteClasses(dialect);
  const window = Buffer.allocUnsafe(MAX_RECORD_BYTES + CHUNK_BYTES);
  const found = emptyRecord();
  const view = { bytes: window as Uint8Array, start: 0, end: 0, line: 1, byteOffset: 0 };
  const problems: Partial<Record<Problem, number>> = {};
  let records = 0;
  let blankLines = 0;
  let multiLine = 0;
  let isPlain = true;
  let lineEnd: LineEnd = '';
  let line = 1;
  let isHeader = file.hasHeader;
  let isSkipping = false;
  let wanted = visitor.nextWanted?.();
  /** Of the first byte of the window. */
  let windowOffset = 0;
  let length = 0;
  const handle = await open(file.path);
  try {
    for (;;) {
      const { bytesRead } = await handle.read(window, length, CHUNK_BYTES, null);
      const isLast = bytesRead === 0;
      length += bytesRead;
      let position = windowOffset === 0 && length > 2 && hasByteOrderMark(window) ? 3 : 0;
      const lastLine = isLast ? length : window.subarray(0, length).lastIndexOf(LF) + 1;
      const isText = isUtf8(window.subarray(0, lastLine));
      while (position < length) {
        if (isSkipping) {
          const newline = window.indexOf(LF, position);
          isSkipping = newline === -1 || newline >= length;
          position = isSkipping ? length : newline + 1;
          if (!isSkipping) line++;
          continue;
        }
        findRecord(window, position, length, isLast, dialect, classes, found);
        if (found.next === -1 || found.end - position > MAX_RECORD_BYTES) {
          // Two bytes more, since the line end is no part of the record.
          if (found.next === -1 && length - position <= MAX_RECORD_BYTES + 2) break;
          isSkipping = cutLongRecord(window, position, length, found);
        } else if (!isText && found.problem === undefined) {
          if (!isUtf8(window.subarray(position, found.end))) found.problem = 'bad UTF-8';
        }
        view.start = position;
        view.end = found.end;
        view.line = line;
        view.byteOffset = windowOffset + position;
        const isBlank = found.end === position;
        if (found.lineEnd !== '') {
          if (lineEnd === '') lineEnd = found.lineEnd;
          else if (found.lineEnd !== lineEnd) isPlain = false;
        }
        if (isBlank) blankLines++;
        if (found.innerLines > 0) multiLine++;
        if (isBlank && (dialect.fields > 1 || isHeader)) {
          // Nothing to read.
        } else if (isHeader) {
          isHeader = false;
          if (blankLines > 0) isPlain = false;
        } else if (found.problem !== undefined) {
          problems[found.problem] = (problems[found.problem] ?? 0) + 1;
          visitor.problem?.(view, found.problem, found.fields);
        } else {
          if (found.oddQuotes) isPlain = false;
          if (visitor.record) visitor.record(view, found.oddQuotes);
          if (records === wanted) {
            visitor.wanted?.(view);
            wanted = visitor.nextWanted?.();
          }
          records++;
        }
        if (!isSkipping) line += 1 + found.innerLines;
        position = found.next;
      }
      await visitor.chunk?.(windowOffset + length);
      if (isLast || visitor.isEnough?.()) return { records, blankLines, problems, multiLine, isPlain };
      window.copyWithin(0, position, length);
      windowOffset += position;
      length -= position;
    }
  } finally {
    await handle.close();
  }
}

/**
 * Over-long: a first line that ends in time has a quote that is not closed, and costs that line alone; any other is
 * skipped up to its end, which may lie behind the window. Returns whether it does.
 */
function cutLongRecord(window: Uint8Array, start: number, length: number, found: FoundRecord): boolean {
  endAtFirstLine(window, start, length, found, 'unclosed quote');
  if (found.end - start <= MAX_RECORD_BYTES) return false;
  found.problem = 'line too long';
  return found.lineEnd === '';
}

function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}
