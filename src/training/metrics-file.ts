/** metrics.jsonl of a run: one JSON record per line, in step with the checkpoints so that resuming leaves no gap. */
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, stat, truncate } from 'node:fs/promises';

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
  /** Appends what was held back. */
  flush(): Promise<void>;
}

/** Opens it for appending, cut to the length that the checkpoint knows of: what came after it will come again. */
export async function openMetricsFile(path: string, bytes: number): Promise<MetricsFile> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > bytes) await truncate(path, bytes);
  let held = '';
  let written = bytes;
  return {
    get bytes() {
      return written;
    },
    add(record) {
      held += `${JSON.stringify(record)}\n`;
    },
    async flush() {
      await appendFile(path, held);
      written += Buffer.byteLength(held);
      held = '';
    },
  };
}

/** The records on disk, without half a line that a full disk leaves at the end; none where there is no file yet. */
export function readMetrics(path: string): MetricsRecord[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as MetricsRecord);
}
