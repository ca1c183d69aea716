/** A bundle in use: it encodes requests, remembers the histories of users, and answers what came together in one pass. */
import { messageOf } from '../common/errors.js';
import { type CellColumns, cellColumns, idText, valuesOf } from '../delivery/cells.js';
import { queryOfUsers } from '../delivery/embed/embed-users.js';
import type { AskedRequest, EncodedSample } from '../delivery/encoded.js';
import type { EncodingModel } from '../delivery/open-model.js';
import type { Values } from '../delivery/raw-request.js';
import { type ModelShape, representationUnits } from '../model/shape.js';
import { type Answer, answerBatch, type Job, keepsStates } from './answer-batch.js';
import type { Appended } from './appended-events.js';
import type { ScoreBody, UserBody } from './ask-body.js';
import { BatchQueue } from './batch-queue.js';
import { type EncodedHistory, historyBytes, ownHistory } from './encoded-history.js';
import { givenEvent, rawEvent } from './given-event.js';
import type { Limits } from './limits.js';
import type { ModelThread } from './model-thread.js';
import { RequestError } from './request-error.js';
import { encodeSamples } from './samples.js';
import { SizedCache } from './sized-cache.js';
import { type PreparedUsers, settledAfterUs, userHistory } from './user-history.js';

const US_PER_SECOND = 1_000_000;

/** What is seen of the work. */
export interface Watcher {
  /** After each batch. */
  batch(requests: number, seconds: number): void;
  /** A history that was asked for by the user's id. */
  lookUp(hit: boolean): void;
}

/** What a request asks a model, beside who asks. */
export interface Question {
  readonly body: UserBody & Partial<Pick<ScoreBody, 'tasks' | 'candidates'>>;
  /** Of the user whose id is given. */
  readonly appended: Appended;
  /** Microseconds since 1970. */
  readonly timeUs: number;
  readonly wantsVector: boolean;
}

export interface Answered extends Answer {
  /** Events of the history that the model read. */
  readonly events: number;
  /** Samples whose candidate the model does not know. */
  readonly unknown: number;
}

interface Remembered {
  readonly version: number;
  readonly afterUs: number;
  readonly history: EncodedHistory;
}

export interface ServedInput {
  /** Encodes; its weights are not read. */
  readonly model: EncodingModel;
  readonly thread: ModelThread;
  readonly prepared: PreparedUsers | null;
  readonly limits: Limits;
  readonly watcher: Watcher;
}

export class ServedModel {
  readonly #input: ServedInput;
  readonly #columns: CellColumns;
  readonly #queue: BatchQueue<Job, Answer>;
  readonly #histories: SizedCache<Remembered>;
  readonly #sizes: Parameters<typeof historyBytes>[1];

  constructor(input: ServedInput) {
    const { model, thread, limits, watcher } = input;
    this.#input = input;
    this.#columns = cellColumns(model.config);
    this.#histories = new SizedCache(limits.cacheBytes);
    const { shape } = model.weights;
    this.#sizes = {
      states: keepsStates(shape) ? shape.units : 0,
      vector: representationUnits(shape),
      itemBytes: model.catalogues.items.keepsAll ? 0 : rowBytes(shape),
    };
    this.#queue = new BatchQueue({
      run: async (jobs) => {
        const startMs = performance.now();
        const answers = await answerBatch(thread, jobs);
        watcher.batch(jobs.length, (performance.now() - startMs) / 1000);
        return answers;
      },
      batchRequests: limits.batchRequests,
      batchMs: limits.batchMs,
      capacity: limits.queue,
      timeoutMs: limits.timeoutMs,
    });
  }

  get isAlive(): boolean {
    return this.#input.thread.isAlive;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  get cachedBytes(): number {
    return this.#histories.bytes;
  }

  /**
   * What is asked is in the queue when this returns, so that who calls it needs no hold on the model.
   * @throws RequestError, or Unfit for cells that the model cannot read
   */
  ask(question: Question): Promise<Answered> {
    const { body, timeUs, wantsVector } = question;
    // Before the work of encoding: who is told to come again should cost little.
    this.#queue.requireRoom();
    if (wantsVector) this.#requireVector();
    const tasks = body.tasks
      ? encodeSamples(
          this.#input.model,
          this.#columns,
          { ...body, tasks: body.tasks },
          Math.floor(timeUs / US_PER_SECOND),
        )
      : {};
    const { request, history } = body.history ? this.#ownHistory(question) : this.#userHistory(question);
    const answer = this.#queue.ask({ asked: { request, tasks }, history, wantsVector });
    const unknown = countUnknown(Object.values(tasks));
    return answer.then((given) => ({ ...given, events: request.events.length, unknown }));
  }

  /** @throws Unfit for cells of events that the model cannot read */
  checkEvents(events: Appended['events']): void {
    for (const event of events) rawEvent(event, this.#columns);
  }

  /** The id as the model's config has it read. */
  userId(user: string): string {
    return idText(user, this.#columns);
  }

  /** Resolves when all that was asked is answered. */
  drained(): Promise<void> {
    return this.#queue.drained();
  }

  #requireVector(): void {
    try {
      queryOfUsers(this.#input.model.weights.shape);
    } catch (error) {
      throw new RequestError(400, messageOf(error), { cause: error });
    }
  }

  #valuesOf({ values = {}, query }: UserBody): Values {
    const column = this.#input.model.config.features.query?.column;
    const read = valuesOf(values, this.#columns);
    return query === undefined || column === undefined ? read : { ...read, [column]: query };
  }

  #ownHistory({ body, timeUs }: Question): Pick<Job, 'history'> & Pick<AskedRequest, 'request'> {
    const events = body.history!.map((event, at) => rawEvent(givenEvent(event, at), this.#columns));
    const request = this.#input.model.encoder.request({
      timeUs,
      history: events,
      profile: valuesOf(body.profile ?? {}, this.#columns),
      values: this.#valuesOf(body),
    });
    return { request, history: ownHistory(request.events) };
  }

  #userHistory(question: Question): Pick<Job, 'history'> & Pick<AskedRequest, 'request'> {
    const { body } = question;
    const { encoder } = this.#input.model;
    const history = this.#remembered(this.userId(body.user!), question);
    const values = this.#valuesOf(body);
    const profile = body.profile && valuesOf(body.profile, this.#columns);
    const users = encoder.users({
      values,
      profile: (field) => (profile ? encoder.userRow(field, profile) : history.users[field]!),
      last: (field) => history.users[field]!,
    });
    return { request: { events: history.events, users, words: encoder.queryWords(values) }, history };
  }

  /** A history is kept for requests after all events of the user: those before some of them are asked for by tests and replays. */
  #remembered(user: string, { appended, timeUs }: Question): EncodedHistory {
    const { model, prepared, watcher } = this.#input;
    const found = this.#histories.get(user);
    const hit = found !== undefined && found.version === appended.version && timeUs > found.afterUs;
    watcher.lookUp(hit);
    if (hit) return found.history;
    const history = userHistory(model, this.#columns, prepared, { user, appended, timeUs });
    const afterUs = settledAfterUs(prepared, appended);
    if (timeUs > afterUs) {
      const bytes = historyBytes(history, this.#sizes);
      this.#histories.set(user, { version: appended.version, afterUs, history }, bytes);
    }
    return history;
  }
}

/** About what V8 takes for an encoded item. */
const rowBytes = ({ itemFields, itemNumbers }: ModelShape): number =>
  150 + 64 * itemFields.length + (itemNumbers.length > 0 ? 150 + 4 * itemNumbers.length : 0);

const countUnknown = (tasks: readonly (readonly EncodedSample[])[]): number =>
  tasks.flat().filter(({ candidate }) => candidate?.isKnown === false).length;
