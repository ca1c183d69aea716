/**
 * What TensorBoard shows of a run: the numbers of metrics.jsonl by step. Every session writes the event files afresh, the
 * records of earlier sessions first, so that they follow from metrics.jsonl alone and no step comes twice.
 */
import { rmSync } from 'node:fs';
import type { Logger } from '../common/context.js';
import { SummaryWriter } from '../engine/summary-writer.js';
import { type MetricsRecord, readMetrics } from './metrics-file.js';

export interface Tensorboard {
  /** Written at once, so that a run can be watched. Where that fails it is warned of, and nothing more is written. */
  add(record: MetricsRecord): void;
  /** Closes the file. */
  close(): void;
}

/** Where a record stands, which is not a measurement. */
const PLACE = new Set(['step', 'epoch', 'samples', 'seconds']);

/** `loss[ctr]` of a record of type train as `train/loss/ctr`: TensorBoard groups by what comes before the first slash. */
function scalarsOf(record: MetricsRecord): [tag: string, value: number][] {
  return Object.entries(record).flatMap(([name, value]) =>
    typeof value === 'number' && Number.isFinite(value) && !PLACE.has(name)
      ? [[`${record.type}/${name.replace(/\[(.*)\]$/, '/$1')}`, value]]
      : [],
  );
}

/** Begins with what `metricsFile` has already; what `folder` holds is removed. */
export function openTensorboard(folder: string, metricsFile: string, logger: Logger): Tensorboard {
  let writer: SummaryWriter | null = null;
  const close = () => {
    const open = writer;
    writer = null;
    open?.close();
  };
  const attempt = (write: () => void) => {
    try {
      write();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn(
        { folder, reason },
        'cannot write what TensorBoard shows; training goes on without it (metrics.jsonl has the same numbers, and ' +
          'dupn train --resume writes all of it again)',
      );
      close();
    }
  };
  const write = (records: readonly MetricsRecord[]) => {
    if (!writer) return;
    for (const record of records) {
      for (const [tag, value] of scalarsOf(record)) writer.scalar(tag, value, record.step);
    }
    writer.flush();
  };
  attempt(() => {
    rmSync(folder, { recursive: true, force: true });
    writer = new SummaryWriter(folder);
    write(readMetrics(metricsFile));
  });
  return { add: (record) => attempt(() => write([record])), close: () => attempt(close) };
}
