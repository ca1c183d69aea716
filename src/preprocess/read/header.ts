/** The names of a text file's columns, and its records as fields. */
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { UserError } from '../../common/errors.js';
import type { FileKind } from './file-format.js';
import { byteClasses, emptyRecord, findRecord } from './find-record.js';
import { OTHER_ENCODING } from './other-encoding.js';
import { MAX_RECORD_BYTES } from './scan-file.js';

/** Far beyond any log; each costs memory in every reader. */
const MAX_COLUMNS = 16_384;

/**
 * The fields of the first line that is not blank; none for a file without one.
 * @throws UserError for a line that can't be divided, is no UTF-8 or has too many fields.
 */
export async function readHeader(
  path: string,
  kind: FileKind,
  shownPath: string,
): Promise<readonly string[]> {
  const handle = await open(path);
  const bytes = Buffer.alloc(MAX_RECORD_BYTES + 16);
  let length = 0;
  try {
    for (;;) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
  } finally {
    await handle.close();
  }
  const isLast = length < bytes.length;
  const dialect = { ...kind, fields: 0 };
  const classes = byteClasses(dialect);
  const found = emptyRecord();
  let start = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0;
  for (let line = 1; start < length; line++) {
    findRecord(bytes, start, length, isLast, dialect, classes, found);
    if (found.next === -1) found.problem = 'line too long';
    else if (found.end === start) {
      start = found.next;
      continue;
    }
    if (found.problem !== 'wrong number of fields') {
      throw new UserError(
        `Cannot read the header of ${shownPath}: ${found.problem} (${shownPath}:${line}). ` +
          'A file without a header needs `columns`',
      );
    }
    if (!isUtf8(bytes.subarray(start, found.end))) {
      throw new UserError(`Cannot read the header of ${shownPath}: ${OTHER_ENCODING} (${shownPath}:${line})`);
    }
    if (found.fields > MAX_COLUMNS) {
      throw new UserError(
        `Cannot read the header of ${shownPath}: required at most ${MAX_COLUMNS} columns, got ${found.fields} (${shownPath}:${line})`,
      );
    }
    return decodeRecord(bytes.toString('utf8', start, found.end), kind);
  }
  return [];
}

/** A well-formed record, its line end left out, as the text of its fields. */
export function decodeRecord(text: string, kind: FileKind): readonly string[] {
  const records: string[][] = parse(text, {
    delimiter: String.fromCharCode(kind.delimiter),
    quote: kind.quote === -1 ? false : String.fromCharCode(kind.quote),
    escape: kind.quote === -1 ? false : String.fromCharCode(kind.quote),
    relax_quotes: true,
    skip_empty_lines: false,
    record_delimiter: kind.quote === -1 ? '\n' : ['\n', '\r\n'],
  });
  return records[0] ?? [''];
}
