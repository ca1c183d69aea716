/** A gzipped CSV file, written row by row; the same rows give the same bytes on every machine. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const CHUNK_CHARACTERS = 1 << 16;

export class CsvFile {
  readonly #gzip = createGzip({ level: 6 });
  readonly #done: Promise<unknown>;
  #held: string;
  rows = 0;

  constructor(path: string, header: readonly string[]) {
    // zlib writes no time and no system into the header of a gzip stream, so the bytes depend on the rows alone.
    const file = createWriteStream(path);
    this.#gzip.pipe(file);
    this.#done = Promise.all([finished(this.#gzip), finished(file)]);
    this.#done.catch(() => {});
    this.#held = `${header.join(',')}\n`;
  }

  /** Fields hold no commas, quotes or line ends: all of them are made by the generator. */
  add(fields: readonly (string | number)[]): void {
    this.#held += `${fields.join(',')}\n`;
    this.rows++;
  }

  /** Passes on what is held back; waits while the disk is behind. */
  async flush(): Promise<void> {
    for (let start = 0; start < this.#held.length; start += CHUNK_CHARACTERS) {
      if (!this.#gzip.write(this.#held.slice(start, start + CHUNK_CHARACTERS))) {
        await Promise.race([once(this.#gzip, 'drain'), this.#done]);
      }
    }
    this.#held = '';
  }

  async close(): Promise<void> {
    await this.flush();
    this.#gzip.end();
    await this.#done;
  }
}
