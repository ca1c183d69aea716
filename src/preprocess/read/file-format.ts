/** What kind of file an input is: by the config, else by its name; and how its text is divided. */
import { open } from 'node:fs/promises';
import { UserError } from '../../common/errors.js';
import type { InputFile } from './input-files.js';
import type { TableSource } from './table-spec.js';

export type FileFormat = 'csv' | 'jsonl' | 'parquet';

export interface FileKind {
  readonly format: FileFormat;
  readonly isGzip: boolean;
  /** Bytes; of JSON lines, where a line is one field, a delimiter that no JSON text holds. */
  readonly delimiter: number;
  /** -1 for none. */
  readonly quote: number;
}

const NO_DELIMITER = 1;

const suffixes: readonly (readonly [RegExp, FileFormat, string])[] = [
  [/\.(tsv|tab)$/i, 'csv', '\t'],
  [/\.(jsonl|ndjson|json)$/i, 'jsonl', ''],
  [/\.(parquet|pq)$/i, 'parquet', ''],
];

/** First bytes of what looks like text and is none, and what to do about it. */
const unreadable: readonly (readonly [readonly number[], string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive (or an Excel file): unpack it, or save it as CSV'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed by zstd: unpack it, or pack it by gzip'],
  [[0xfd, 0x37, 0x7a, 0x58], 'compressed by xz: unpack it, or pack it by gzip'],
  [[0x42, 0x5a, 0x68], 'compressed by bzip2: unpack it, or pack it by gzip'],
  [[0xff, 0xfe], 'UTF-16: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)'],
  [[0xfe, 0xff], 'UTF-16: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)'],
];

/** @throws UserError for a file that is no text and no Parquet, or a source that contradicts itself. */
export async function fileKind(source: TableSource, file: InputFile): Promise<FileKind> {
  const magic = await firstBytes(file.path, 4);
  const startsWith = (bytes: readonly number[]) => bytes.every((byte, index) => magic[index] === byte);
  const isGzip = startsWith([0x1f, 0x8b]);
  const name = file.path.replace(/\.gz$/i, '');
  const suffix = suffixes.find(([pattern]) => pattern.test(name));
  const isParquet = startsWith([0x50, 0x41, 0x52, 0x31]);
  const format =
    source.format === 'tsv' ? 'csv' : source.format === 'auto' ? (suffix?.[1] ?? 'csv') : source.format;
  if (isParquet !== (format === 'parquet')) {
    const got = isParquet ? 'Parquet' : file.bytes === 0 ? 'an empty file' : 'something else';
    throw new UserError(`Cannot read ${file.shownPath}: required ${format}, got ${got} (set \`format\`)`);
  }
  const problem = unreadable.find(([bytes]) => startsWith(bytes));
  if (problem) throw new UserError(`Cannot read ${file.shownPath}: it is ${problem[1]}`);
  if (format !== 'csv') return { format, isGzip, delimiter: NO_DELIMITER, quote: -1 };
  const delimiter = source.delimiter ?? (source.format === 'tsv' ? '\t' : suffix?.[2] || ',');
  return {
    format,
    isGzip,
    delimiter: asciiByte(delimiter, 'delimiter', file),
    quote: source.quote === '' ? -1 : asciiByte(source.quote, 'quote', file),
  };
}

function asciiByte(character: string, key: string, file: InputFile): number {
  const code = character.codePointAt(0)!;
  if (code < 128 && character.length === 1) return code;
  throw new UserError(
    `Cannot read ${file.shownPath}: \`${key}\` has to be one ASCII character, got ${character}`,
  );
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
