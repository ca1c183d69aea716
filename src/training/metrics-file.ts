/** metrics.jsonl of a run: one JSON record per line, in step with the checkpoints so that resuming leaves no gap. */
import { appendFile, stat, truncate } from 'node:fs/promises';

export interface MetricsFile {
  /** Bytes on disk: what a checkpoint remembers. */
  readonly bytes: number;
  /** Holds a record back until `flush`. */
  add(record: object): void;
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
