/**
 * Batches built ahead by a worker thread, one thread for the life of a run: starting one, and loading the item
 * fields, costs more than many batches.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { UserError } from '../common/errors.js';
import type { Batch } from './batch.js';
import type { FromWorker, ToWorker, WorkerInput } from './batch-messages.js';
import type { BatchPlan, PlanSize } from './batch-plan.js';
import { Inbox } from './inbox.js';

/** Batches that wait at most: enough to even out their sizes, and no more memory than that. */
const PREFETCH_BATCHES = 4;

export class BatchSource {
  readonly #worker: Worker;
  readonly #inboxes = new Map<number, Inbox<FromWorker>>();
  #nextStream = 0;
  #waiting = 0;
  #waitedMs = 0;
  #failure: Error | null = null;

  /** `folder` is prepared data. What is wrong with it is thrown by the first call that reads it. */
  constructor(folder: string) {
    const workerData: WorkerInput = { folder };
    this.#worker = new Worker(new URL('./batch-worker.js', import.meta.url), { workerData });
    this.#worker.on('message', (message: FromWorker) => this.#inboxes.get(message.stream)?.put(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) =>
      this.#fail(new Error(`The thread that builds batches ended (${code})`)),
    );
    // Only a caller that waits for a batch keeps the process alive.
    this.#worker.unref();
  }

  /** How long callers have waited for batches so far. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** @throws UserError when the folder can't be read or lacks a task of the plan */
  async measure(plan: BatchPlan): Promise<PlanSize> {
    const { stream, inbox } = this.#openStream();
    try {
      this.#post({ type: 'measure', stream, plan });
      const message = await this.#receive(inbox);
      if (message.type !== 'size') throw new Error(`A size was asked for, got a ${message.type}`);
      return message.size;
    } finally {
      this.#inboxes.delete(stream);
    }
  }

  /**
   * The batches of a plan. Several may be under way at once; one that is left early stops being built.
   * @throws UserError when the folder can't be read, is damaged or lacks a task of the plan
   */
  async *batches(plan: BatchPlan): AsyncGenerator<Batch, void, undefined> {
    const { stream, inbox } = this.#openStream();
    try {
      this.#post({ type: 'start', stream, plan, credits: PREFETCH_BATCHES });
      for (;;) {
        const startMs = performance.now();
        const message = await this.#receive(inbox);
        this.#waitedMs += performance.now() - startMs;
        if (message.type === 'end') return;
        if (message.type !== 'batch') throw new Error(`A batch was asked for, got a ${message.type}`);
        this.#post({ type: 'take', stream });
        // Node hands over up to 1000 messages, with all that a caller does for each, before it looks at signals and timers.
        await turn();
        yield message.batch;
      }
    } finally {
      this.#inboxes.delete(stream);
      this.#post({ type: 'stop', stream });
    }
  }

  /** Ends the thread; what still waits for a batch fails. */
  async close(): Promise<void> {
    this.#fail(new Error('The source of the batches was closed'));
    await this.#worker.terminate();
  }

  #openStream(): { stream: number; inbox: Inbox<FromWorker> } {
    if (this.#failure) throw this.#failure;
    const stream = this.#nextStream++;
    const inbox = new Inbox<FromWorker>();
    this.#inboxes.set(stream, inbox);
    return { stream, inbox };
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  async #receive(inbox: Inbox<FromWorker>): Promise<Exclude<FromWorker, { type: 'error' }>> {
    if (this.#waiting++ === 0) this.#worker.ref();
    try {
      const message = await inbox.take();
      if (message.type !== 'error') return message;
      throw message.isUserError
        ? new UserError((message.error as Error).message, { cause: message.error })
        : message.error;
    } finally {
      if (--this.#waiting === 0) this.#worker.unref();
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const inbox of this.#inboxes.values()) inbox.fail(this.#failure);
  }
}
