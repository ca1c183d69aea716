/** What rows are read from as lines of bounded length, unpacked where it is packed; its failures as errors that say what was read. */
import { pipeline, type Readable, Transform } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { messageOf, UserError } from '../../common/errors.js';

/** Of a line, and of a record of a CSV: far beyond a history of thousands of events. */
export const MAX_LINE_BYTES = 16 << 20;

const LF = 10;

/** DuckDB's kinds of errors of a Parquet file. */
const DAMAGED = /^(Invalid|IO|Serialization)\b.*Error/;

/** The bytes of `plain`. Fails with a UserError at a line that is longer. */
export function boundedInput(name: string, plain: NodeJS.ReadableStream, isGzip: boolean): Readable {
  const bounded = boundedLines(name);
  // Failures come out of the last of them.
  if (isGzip) pipeline(plain, createGunzip(), bounded, () => {});
  else pipeline(plain, bounded, () => {});
  return bounded;
}

function boundedLines(name: string): Transform {
  let [line, bytes] = [1, 0];
  return new Transform({
    transform(chunk: Buffer, _, done) {
      for (let start = 0; start < chunk.length; ) {
        const end = chunk.indexOf(LF, start);
        bytes += (end < 0 ? chunk.length : end) - start;
        if (bytes > MAX_LINE_BYTES) {
          const limit = `required lines of at most ${MAX_LINE_BYTES} bytes, got a longer one (${name}:${line})`;
          return done(new UserError(`Cannot read ${name}: ${limit}`));
        }
        if (end < 0) break;
        [line, bytes, start] = [line + 1, 0, end + 1];
      }
      done(null, chunk);
    },
  });
}

/** Without their ends, and without a byte order mark. */
export async function* linesOf(input: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  const plain = (text: string) => text.replace(/\r$/, '');
  let rest = '';
  let isFirst = true;
  for await (const chunk of input) {
    let text = rest + decoder.write(chunk as Buffer);
    if (isFirst) text = text.replace(/^\uFEFF/, '');
    isFirst &&= text === '';
    const lines = text.split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield plain(line);
  }
  rest += decoder.end();
  if (rest !== '') yield plain(rest);
}

/** @throws UserError for what reading itself fails with, such as a folder or a damaged gzip file */
export async function* toldOf<T>(name: string, rows: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* rows;
  } catch (error) {
    const [reason] = messageOf(error).split('\n');
    const isOfFile = typeof (error as NodeJS.ErrnoException).code === 'string' || DAMAGED.test(reason!);
    if (error instanceof UserError || !isOfFile) throw error;
    throw new UserError(`Cannot read ${name}: ${reason}`, { cause: error });
  }
}
