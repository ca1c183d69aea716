/**
 * The thread that builds batches ahead of the training step: the entry point of the worker of BatchSource. It works
 * on several streams by turns (validation in the middle of an epoch), each as far ahead as its credits allow.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../common/errors.js';
import type { Batch } from './batch.js';
import { type BatchBuilder, createBatchBuilder } from './batch-builder.js';
import type { FromWorker, ToWorker, WorkerInput } from './batch-messages.js';
import { measurePlan, planBatches } from './batch-plan.js';
import { openPrepared, type PreparedData } from './prepared.js';

interface Stream {
  readonly batches: Generator<Batch, void, undefined>;
  credits: number;
}

const { folder } = workerData as WorkerInput;
const streams = new Map<number, Stream>();
let opened: { prepared: PreparedData; builder: BatchBuilder } | null = null;
let scheduled = false;

/** Opened at first use, so that a fault reaches the stream that asked. */
function data(): { prepared: PreparedData; builder: BatchBuilder } {
  if (!opened) {
    const prepared = openPrepared(folder);
    opened = { prepared, builder: createBatchBuilder(prepared) };
  }
  return opened;
}

function handle(message: ToWorker): void {
  const { stream } = message;
  switch (message.type) {
    case 'measure':
      post({ type: 'size', stream, size: measurePlan(data().prepared, message.plan) });
      break;
    case 'start': {
      const { prepared, builder } = data();
      const batches = planBatches(prepared, builder, message.plan);
      streams.set(stream, { batches, credits: message.credits });
      schedule();
      break;
    }
    case 'take': {
      const taken = streams.get(stream);
      if (taken) taken.credits++;
      schedule();
      break;
    }
    case 'stop':
      streams.delete(stream);
  }
}

/** One batch for each stream that may have one; messages are read before the next turn. */
function work(): void {
  scheduled = false;
  for (const [id, stream] of streams) {
    if (stream.credits > 0) guard(id, () => advance(id, stream));
  }
  schedule();
}

function schedule(): void {
  const waiting = [...streams.values()].some((stream) => stream.credits > 0);
  if (scheduled || !waiting) return;
  scheduled = true;
  setImmediate(work);
}

function advance(id: number, stream: Stream): void {
  const { value: batch, done } = stream.batches.next();
  if (done) {
    streams.delete(id);
    post({ type: 'end', stream: id });
  } else {
    stream.credits--;
    post({ type: 'batch', stream: id, batch }, buffersOf(batch));
  }
}

function guard(stream: number, action: () => void): void {
  try {
    action();
  } catch (error) {
    streams.delete(stream);
    post({ type: 'error', stream, error, isUserError: error instanceof UserError });
  }
}

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer);
}

/** The memory of every array of a batch: handed over, not copied. */
function buffersOf(value: object): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  return Object.values(value).flatMap((part) =>
    typeof part === 'object' && part !== null ? buffersOf(part) : [],
  );
}

parentPort!.on('message', (message: ToWorker) => guard(message.stream, () => handle(message)));
