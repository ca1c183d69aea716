/** A gzipped CSV file, written row by row; the same rows give the same text on every machine. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const CHUNK_CHARACTERS = 1 << 17;
/** Where a gzip header names the operating system, and its value for "unknown" (RFC 1952). */
const SYSTEM_BYTE = 9;
const UNKNOWN_SYSTEM = 255;

export class CsvFile {
  readonly #gzip = createGzip({ level: 5 });
  readonly #done: Promise<void>;
  #held: string[];
  #heldCharacters = 0;
  rows = 0;

  constructor(path: string, header: string) {
    this.#done = pipeline(this.#gzip, withoutSystem(), createWriteStream(path));
    this.#done.catch(() => {});
    this.#held = [header];
  }

  /** Adds `count` rows with line ends between them. Fields hold no commas, quotes or line ends: the generator makes them. */
  add(rows: string, count = 1): void {
    this.#held.push(rows);
    this.#heldCharacters += rows.length;
    this.rows += count;
  }

  /** Passes on what is held back, if it is much; waits while the disk is behind. */
  async drain(): Promise<void> {
    if (this.#heldCharacters >= CHUNK_CHARACTERS) await this.#write();
  }

  async close(): Promise<void> {
    if (this.#held.length > 0) await this.#write();
    this.#gzip.end();
    await this.#done;
  }

  async #write(): Promise<void> {
    this.#held.push('');
    const text = this.#held.join('\n');
    this.#held = [];
    this.#heldCharacters = 0;
    if (!this.#gzip.write(text, 'latin1')) await Promise.race([once(this.#gzip, 'drain'), this.#done]);
  }
}

/** zlib leaves the time out of the header but names the system, in the first chunk. */
function withoutSystem(): Transform {
  let isFirst = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (isFirst) chunk[SYSTEM_BYTE] = UNKNOWN_SYSTEM;
      isFirst = false;
      done(null, chunk);
    },
  });
}
