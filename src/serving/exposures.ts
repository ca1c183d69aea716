/** Who was shown what: a line of JSON for each answer of an experiment, at the end of a file, which `dupn ab` reads. */

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../common/context.js';
import { UserError } from '../common/errors.js';

export interface Exposure {
  /** ISO 8601 in UTC. */
  readonly time: string;
  readonly user: string;
  readonly variant: string;
  readonly tasks: readonly string[];
}

/** Lines are written this often, or as soon as there are so many. */
const FLUSH_MS = 1000;
const FLUSH_LINES = 1000;

/** Bytes that may wait for a disk that does not keep up; what comes on top is lost, and counted. */
const WAITING_BYTES = 64 * 2 ** 20;

export interface ExposureLog {
  add(exposure: Exposure): void;
  /** Writes what there is, and goes on in a new file of the same name: the old one may have been renamed. */
  reopen(): Promise<void>;
  close(): Promise<void>;
  /** Lines that could not be written. */
  readonly lost: number;
}

/** @throws UserError when the file cannot be written */
export async function openExposures(path: string, logger: Logger): Promise<ExposureLog> {
  await mkdir(dirname(path), { recursive: true });
  let lines: string[] = [];
  let lost = 0;
  let stream = await openStream(path);
  const watch = (opened: WriteStream) =>
    opened.on('error', (error) => logger.error({ path, error: error.message }, 'exposures are lost'));
  watch(stream);
  const flush = () => {
    if (lines.length === 0) return;
    if (stream.errored || stream.writableLength > WAITING_BYTES) lost += lines.length;
    else stream.write(lines.join(''));
    lines = [];
  };
  const end = async (old: WriteStream) => {
    old.end();
    if (!old.closed) await once(old, 'close');
  };
  const timer = setInterval(flush, FLUSH_MS);
  return {
    add(exposure) {
      lines.push(`${JSON.stringify(exposure)}\n`);
      if (lines.length >= FLUSH_LINES) flush();
    },
    async reopen() {
      flush();
      const old = stream;
      stream = await openStream(path);
      watch(stream);
      await end(old);
    },
    async close() {
      clearInterval(timer);
      flush();
      await end(stream);
    },
    get lost() {
      return lost;
    },
  };
}

async function openStream(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path, { flags: 'a' });
  await once(stream, 'open').catch((cause: Error) => {
    throw new UserError(`Cannot write exposures to ${path}: ${cause.message}`, { cause });
  });
  return stream;
}
