/** metrics.jsonl of a run: one JSON record per line, in step with the checkpoints so that resuming leaves no gap. */
import { existsSync, readFileSync } from 'node:fs';
import { open, stat, truncate } from 'node:fs/promises';
import type { Logger } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { withPath } from '../common/files.js';

/** Numbers by name; null for one that could not be measured. */
export interface MetricsRecord {
  readonly type: 'train' | 'validation' | 'curve';
  /** Steps done. */
  readonly step: number;
  readonly [name: string]: number | string | null;
}

export interface MetricsFile {
  /** Bytes on disk: what a checkpoint remembers. */
  readonly bytes: number;
  /** Holds a record back until `flush`. */
  add(record: MetricsRecord): void;
  /** Appends what was held back; it is on the disk then. */
  flush(): Promise<void>;
}

/** For a process whose records another one keeps. */
export const noMetricsFile: MetricsFile = { bytes: 0, add() {}, async flush() {} };

/**
 * Opens it for appending, cut to the length that the checkpoint knows of: what came after it will come again. Where there is
 * none any more it begins anew, which is warned of.
 * @throws UserError when it is shorter than that
 */
export async function openMetricsFile(path: string, bytes: number, logger: Logger): Promise<MetricsFile> {
  const size = await stat(path).then(
    (found) => found.size,
    () => null,
  );
  if (size !== null && size < bytes) {
    throw new UserError(
      `Cannot go on with ${path}: expected the ${bytes} bytes that its run had written, got ${size}; the file was cut short\n` +
        '  put a whole copy there, or remove the file to go on without the records so far',
    );
  }
  if (size === null && bytes > 0) {
    logger.warn(
      { path, bytes },
      'the file is gone: the records of the run so far are lost, and training goes on',
    );
  }
  if (size !== null && size > bytes) await truncate(path, bytes);
  let held = '';
  let written = size === null ? 0 : bytes;
  return {
    get bytes() {
      return written;
    },
    add(record) {
      held += `${JSON.stringify(record)}\n`;
    },
    async flush() {
      const file = await open(path, 'a');
      try {
        await file.writeFile(held);
        await file.sync();
      } catch (error) {
        throw withPath(error, path);
      } finally {
        await file.close();
      }
      written += Buffer.byteLength(held);
      held = '';
    },
  };
}

/**
 * The records on disk, without half a line that a full disk leaves at the end; none where there is no file yet.
 * @throws UserError for a line that is no record
 */
export function readMetrics(path: string): MetricsRecord[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line, at) => {
    try {
      return JSON.parse(line) as MetricsRecord;
    } catch (cause) {
      throw new UserError(
        `Cannot read ${path}:${at + 1}: expected a record, got ${JSON.stringify(line.slice(0, 40))}`,
        { cause },
      );
    }
  });
}
