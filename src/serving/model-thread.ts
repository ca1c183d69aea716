/** A model in a thread of its own, so that requests are read and answered while it works. */
import { Worker } from 'node:worker_threads';
import type { Batch } from '../dataset/batch.js';
import type { RequestQuery } from '../model/forward.js';
import type { ModelShape } from '../model/shape.js';
import type { FromModel, ModelInput, ModelTask, Values } from './model-messages.js';
import { RequestError } from './request-error.js';

interface Asked {
  resolve(values: Values): void;
  reject(error: unknown): void;
}

export class ModelThread {
  readonly #worker: Worker;
  readonly #asked = new Map<number, Asked>();
  /** Resolves with the cause when the thread ends without having been closed: by a fault of ours, or for want of memory. */
  readonly died: Promise<Error>;
  #next = 0;
  #failure: Error | null = null;
  #isClosing = false;
  #tellDeath: (cause: Error) => void = () => {};
  #ready: Asked | null = null;

  private constructor(
    workerData: ModelInput,
    readonly shape: ModelShape,
  ) {
    this.died = new Promise((resolve) => {
      this.#tellDeath = resolve;
    });
    this.#worker = new Worker(new URL('./model-worker.js', import.meta.url), { workerData });
    this.#worker.on('message', (message: FromModel) => this.#take(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread of the model ended (${code})`)));
  }

  /** @throws Error when the weights cannot be read, or are others than those of the bundle */
  static async start(input: ModelInput): Promise<ModelThread> {
    const thread = new ModelThread(input, input.shape);
    await new Promise<unknown>((resolve, reject) => {
      thread.#ready = { resolve, reject };
    });
    return thread;
  }

  /** Whether it can be asked. */
  get isAlive(): boolean {
    return this.#failure === null;
  }

  async states(batch: Batch): Promise<Float32Array> {
    return (await this.#ask({ type: 'states', batch })).states!;
  }

  async represent(batch: Batch, query: RequestQuery, states: Float32Array | null): Promise<Float32Array> {
    return (await this.#ask({ type: 'represent', batch, query, states })).represent!;
  }

  score(
    batch: Batch,
    {
      states = null,
      representations = null,
    }: { readonly states?: Float32Array | null; readonly representations?: Float32Array | null },
  ): Promise<Values> {
    return this.#ask({ type: 'score', batch, states, representations });
  }

  /** Frees the weights and ends the thread, after what it was asked. */
  async close(): Promise<void> {
    if (this.#failure) return;
    this.#isClosing = true;
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('end');
    await ended;
  }

  #ask(task: ModelTask): Promise<Values> {
    if (this.#failure) return Promise.reject(gone(this.#failure));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#worker.postMessage({ id, task });
    });
  }

  #take(message: FromModel): void {
    if (message.type === 'ready') {
      this.#ready?.resolve({});
      return;
    }
    const asked = this.#asked.get(message.id);
    if (!asked) return;
    this.#asked.delete(message.id);
    if (message.type === 'values') asked.resolve(message.values);
    else asked.reject(message.error);
  }

  #fail(error: Error): void {
    // An error comes before the exit that follows from it.
    const isFirst = this.#failure === null;
    this.#failure ??= error;
    this.#ready?.reject(this.#failure);
    for (const { reject } of this.#asked.values()) reject(gone(this.#failure));
    this.#asked.clear();
    if (isFirst && !this.#isClosing) this.#tellDeath(this.#failure);
  }
}

const gone = (cause: Error) => new RequestError(503, 'the model is gone', { cause });
