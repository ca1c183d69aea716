/**
 * Requests that wait for the model: those that come within a few milliseconds are worked on together. The queue is short, so that
 * who comes too late is told so instead of waiting for longer than it would.
 */
import { RequestError } from './request-error.js';

export interface QueueOptions<Job, Answer> {
  /** Answers of the jobs, in their order. */
  readonly run: (jobs: readonly Job[]) => Promise<readonly Answer[]>;
  /** Jobs that are worked on together at most. */
  readonly batchRequests: number;
  /** How long the first job waits for others. */
  readonly batchMs: number;
  /** Jobs that may wait. */
  readonly capacity: number;
  /** A job that has waited for longer is given up. */
  readonly timeoutMs: number;
}

/** One is put together while the model works on the other. */
const BATCHES_AT_WORK = 2;

interface Waiting<Job, Answer> {
  readonly job: Job;
  readonly sinceMs: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export class BatchQueue<Job, Answer> {
  #waiting: Waiting<Job, Answer>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lateTimer: NodeJS.Timeout | undefined;
  #isDue = false;
  #atWork = 0;
  #drained: (() => void)[] = [];

  constructor(private readonly options: QueueOptions<Job, Answer>) {}

  get length(): number {
    return this.#waiting.length;
  }

  /** @throws RequestError 429 where too many wait, 503 after the time-out */
  ask(job: Job): Promise<Answer> {
    this.requireRoom();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, sinceMs: performance.now(), resolve, reject });
      this.#plan();
      this.#lateTimer ??= setTimeout(() => this.#giveUpLate(), this.options.timeoutMs + 1);
    });
  }

  /** For who has work to do before it asks. @throws RequestError 429 where too many wait */
  requireRoom(): void {
    if (this.#waiting.length < this.options.capacity) return;
    throw new RequestError(429, 'too many requests wait for the model; come again in a second');
  }

  /** Resolves when all that was asked is answered. */
  drained(): Promise<void> {
    if (this.#waiting.length + this.#atWork === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  #plan(): void {
    const { batchRequests, batchMs } = this.options;
    if (this.#isDue || this.#atWork >= BATCHES_AT_WORK) return;
    if (batchMs === 0 || this.#waiting.length >= batchRequests) this.#workSoon();
    else this.#timer ??= setTimeout(() => this.#workSoon(), batchMs);
  }

  /** Not at once: what has come by now is read first. */
  #workSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = true;
    setImmediate(() => void this.#work());
  }

  /** Of those that wait, also while the model is at work on others; the oldest is the first. */
  #giveUpLate(): void {
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
    const { timeoutMs } = this.options;
    const nowMs = performance.now();
    const inTime = this.#waiting.findIndex(({ sinceMs }) => sinceMs >= nowMs - timeoutMs);
    const late = this.#waiting.splice(0, inTime < 0 ? this.#waiting.length : inTime);
    for (const { reject } of late) reject(new RequestError(503, 'the model had no time for this request'));
    const [oldest] = this.#waiting;
    if (oldest) {
      const leftMs = oldest.sinceMs + timeoutMs - nowMs;
      this.#lateTimer = setTimeout(() => this.#giveUpLate(), leftMs + 1);
    }
    this.#tellDrained();
  }

  async #work(): Promise<void> {
    this.#isDue = false;
    this.#giveUpLate();
    const taken = this.#waiting.splice(0, this.options.batchRequests);
    this.#atWork++;
    if (this.#waiting.length > 0) this.#plan();
    await this.#answer(taken);
    this.#atWork--;
    if (this.#waiting.length > 0) this.#plan();
    this.#tellDrained();
  }

  #tellDrained(): void {
    if (this.#waiting.length + this.#atWork > 0) return;
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  async #answer(batch: readonly Waiting<Job, Answer>[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const answers = await this.options.run(batch.map(({ job }) => job));
      for (const [at, { resolve }] of batch.entries()) resolve(answers[at]!);
    } catch (error) {
      // One that fails takes no other along.
      if (batch.length > 1) for (const one of batch) await this.#answer([one]);
      else batch[0]!.reject(error);
    }
  }
}
