/** Who was shown what: a line of JSON for each answer of an experiment, at the end of a file, which `dupn ab` reads. */

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../common/context.js';
import { messageOf, UserError } from '../common/errors.js';

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

/** Characters that may wait for a disk that does not keep up; what comes on top is lost, and counted. */
const WAITING_LENGTH = 64 * 2 ** 20;

export interface ExposureLog {
  add(exposure: Exposure): void;
  /** Writes what there is, and goes on in a new file of the same name: the old one may have been renamed. @throws UserError when that cannot be */
  reopen(): Promise<void>;
  /** After the last one. */
  close(): Promise<void>;
  /** Lines that could not be written. */
  readonly lost: number;
}

/** @throws UserError when the file cannot be written */
export async function openExposures(path: string, logger: Logger): Promise<ExposureLog> {
  let file = await openFile(path);
  let lines: string[] = [];
  let waitingLength = 0;
  let lost = 0;
  let isBroken = false;
  /** One after the other. */
  let work: Promise<unknown> = Promise.resolve();

  const write = async (text: string, count: number) => {
    try {
      // What a failed write has left of a line ends here.
      await file.appendFile(isBroken ? `\n${text}` : text);
      isBroken = false;
    } catch (error) {
      lost += count;
      if (!isBroken) logger.error({ path, error: messageOf(error) }, 'exposures are lost');
      isBroken = true;
    }
    waitingLength -= text.length;
  };
  const flush = () => {
    if (lines.length === 0) return;
    const [text, count] = [lines.join(''), lines.length];
    lines = [];
    if (waitingLength > WAITING_LENGTH) {
      lost += count;
      return;
    }
    waitingLength += text.length;
    work = work.then(() => write(text, count));
  };
  const timer = setInterval(flush, FLUSH_MS);
  return {
    add(exposure) {
      lines.push(`${JSON.stringify(exposure)}\n`);
      if (lines.length >= FLUSH_LINES) flush();
    },
    async reopen() {
      flush();
      const reopened = work.then(async () => {
        const opened = await openFile(path);
        await file.close();
        [file, isBroken] = [opened, false];
      });
      // Where that fails, the older file stays.
      work = reopened.catch(() => {});
      await reopened;
    },
    async close() {
      clearInterval(timer);
      flush();
      await work;
      await file.close();
    },
    get lost() {
      return lost;
    },
  };
}

/** For lines at its end; one that was cut off, when a process or a machine died, is ended first. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a+');
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    if (size > 0 && last.toString() !== '\n') await file.appendFile('\n');
    return file;
  } catch (cause) {
    throw new UserError(`Cannot write exposures to ${path}: ${messageOf(cause)}`, { cause });
  }
}
