/** Scores of the rows of a file or stream, a piece at a time: memory does not grow with them. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Context } from '../../common/context.js';
import { UserError } from '../../common/errors.js';
import { percent } from '../../common/percent.js';
import type { EncodedRequest, EncodedSample } from '../encoded.js';
import type { OpenModel } from '../open-model.js';
import type { RawEvent } from '../raw-request.js';
import { probabilitiesOf, scoreRequests } from '../score-requests.js';
import { type AskColumns, askColumns, requireColumns } from './ask-columns.js';
import type { PredictionWriter } from './prediction-writer.js';
import type { PreparedHistories } from './prepared-histories.js';
import { type Ask, readAsk } from './read-ask.js';
import { type ReadTimes, timeReader } from './read-times.js';
import { type BadRow, isBad, type RowSource } from './row-source.js';

/** Rows that are in memory at a time, and events of histories of their own and candidates that they may hold. */
const PIECE = { rows: 16_384, parts: 131_072 };

/** Bad rows that are told of one by one. */
const SHOWN = 5;

const US_PER_SECOND = 1_000_000;

export interface PredictInput {
  readonly model: OpenModel;
  /** The task, where the model has several. */
  readonly task: string | undefined;
  readonly source: RowSource;
  /** Where histories come from that the rows do not bring; null where they have to. */
  readonly histories: PreparedHistories | null;
  readonly context: Context;
}

export interface Predicted {
  readonly task: string;
  readonly rows: number;
  readonly rejected: number;
  readonly predictions: number;
  /** Requests that were told apart, each encoded once. */
  readonly requests: number;
  /** Requests of users that the prepared data does not have, and candidates whose id the model does not know. */
  readonly unknown: { readonly users: number; readonly candidates: number };
  readonly seconds: number;
}

/** @throws UserError for a file that lacks columns, and where more rows than data.maxRejectRatio are bad */
export async function predict(
  connection: DuckDBConnection,
  { model, task, source, histories, context }: PredictInput,
  open: (columns: AskColumns, outputs: number) => Promise<PredictionWriter>,
): Promise<Predicted> {
  const { config, weights } = model;
  const columns = askColumns(config, weights.shape, task);
  if (source.columns) requireColumns(source.columns, columns, source.name);
  if (source.columns && !histories) {
    throw new UserError(
      `Cannot predict ${columns.task} of ${source.name}: required histories, from prepared data (--prepared) or in JSON lines, got neither`,
    );
  }
  const isTyped = columns.time.columns.length === 1 && source.times.has(columns.time.columns[0]!);
  const piece = new Piece(
    model,
    columns,
    histories,
    timeReader(connection, isTyped ? { ...columns.time, format: 'iso' } : columns.time),
    timeReader(connection, columns.log.time),
  );
  const writer = await open(columns, weights.shape.tasks[columns.task]!.outputs);
  const bar = context.progress.start('predict', 0);
  const startMs = performance.now();
  let [rows, rejected] = [0, 0];
  const reject = ({ line, reason }: BadRow) => {
    if (rejected++ < SHOWN)
      context.logger.warn({ file: source.name, line }, `${source.name}:${line}: ${reason}`);
  };
  const work = async (asks: readonly Ask[]) => {
    for (const bad of await piece.score(asks, writer)) reject(bad);
    bar.update(rows, { rejected });
  };
  try {
    let asks: Ask[] = [];
    let parts = 0;
    for await (const block of source.rows) {
      for (const row of block) {
        rows++;
        const ask = isBad(row) ? row : readAsk(row, columns);
        if (isBad(ask)) reject(ask);
        else {
          asks.push(ask);
          parts += ask.samples.length + (ask.history?.length ?? 0);
        }
        if (asks.length < PIECE.rows && parts < PIECE.parts) continue;
        await work(asks);
        [asks, parts] = [[], 0];
      }
    }
    await work(asks);
    if (rejected > config.data.maxRejectRatio * rows)
      throw tooMany(source, rejected, rows, config.data.maxRejectRatio);
    await writer.close();
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    bar.stop();
  }
  const seconds = (performance.now() - startMs) / 1000;
  return { task: columns.task, rows, rejected, ...piece.counts, seconds };
}

function tooMany({ name }: RowSource, rejected: number, rows: number, ratio: number): UserError {
  return new UserError(
    `Cannot predict ${name}: required at most ${percent(ratio)} bad rows (data.maxRejectRatio), got ${rejected} of ${rows}`,
  );
}

/** A request of a piece: a user at a moment, and all that is judged of it. */
interface Asked {
  readonly request: EncodedRequest;
  readonly samples: EncodedSample[];
}

/** Works on the rows of a piece together. */
class Piece {
  readonly counts = { predictions: 0, requests: 0, unknown: { users: 0, candidates: 0 } };

  constructor(
    private readonly model: OpenModel,
    private readonly columns: AskColumns,
    private readonly histories: PreparedHistories | null,
    private readonly readTimes: ReadTimes,
    private readonly readLogTimes: ReadTimes,
  ) {}

  /** Writes the predictions of the rows, and returns those that are bad. */
  async score(asks: readonly Ask[], writer: PredictionWriter): Promise<readonly BadRow[]> {
    if (asks.length === 0) return [];
    const { task } = this.columns;
    const { weights, encoder } = this.model;
    const bad: BadRow[] = [];
    const times = await this.readTimes(asks.map(({ time }) => time));
    const events = await this.#readEvents(asks);
    const ids = asks.filter(({ history }) => history === null).map(({ userId }) => userId);
    const users =
      this.histories && ids.length > 0 ? await this.histories.find(ids) : new Map<string, number>();
    const byKey = new Map<string, Asked>();
    /** Where the predictions of a row are: its request, and the first of its samples there. */
    const placed: { ask: Ask; timeUs: number; asked: Asked; first: number }[] = [];
    for (const [at, ask] of asks.entries()) {
      const timeUs = times[at]!;
      const reason = this.#reasonAgainst(ask, timeUs, events[at]!);
      if (reason !== null || timeUs === null) {
        bad.push({ line: ask.line, reason: reason! });
        continue;
      }
      const key = ask.history ? `${at}` : this.#keyOf(ask, timeUs);
      let asked = byKey.get(key);
      if (!asked) {
        asked = { request: this.#encode(ask, timeUs, events[at] as RawEvent[] | null, users), samples: [] };
        byKey.set(key, asked);
      }
      placed.push({ ask, timeUs, asked, first: asked.samples.length });
      for (const sample of ask.samples) {
        const encoded = encoder.sample(task, sample, Math.floor(timeUs / US_PER_SECOND));
        if (encoded.candidate && !encoded.candidate.isKnown) this.counts.unknown.candidates++;
        asked.samples.push(encoded);
      }
    }
    const all = [...byKey.values()];
    const scores = probabilitiesOf(weights, task, scoreRequests(weights, task, all));
    const { outputs } = weights.shape.tasks[task]!;
    const starts = new Map<Asked, number>();
    let start = 0;
    for (const asked of all) {
      starts.set(asked, start);
      start += asked.samples.length;
    }
    for (const { ask, timeUs, asked, first } of placed) {
      for (const [place, { candidate }] of ask.samples.entries()) {
        const row = (starts.get(asked)! + first + place) * outputs;
        writer.add({
          requestId: ask.requestId,
          userId: ask.userId,
          timeUs,
          candidate: candidate?.id ?? null,
          predictions: scores.subarray(row, row + outputs),
        });
      }
    }
    await writer.flush();
    this.counts.requests += all.length;
    this.counts.predictions += start;
    return bad;
  }

  /** Of each row its events; null for one that brings none, and in the place of one whose time is none. */
  async #readEvents(asks: readonly Ask[]): Promise<((RawEvent | null)[] | null)[]> {
    const all = asks.flatMap(({ history }) => history ?? []);
    const times = await this.readLogTimes(all.map(({ time }) => time));
    let at = 0;
    return asks.map(({ history }) =>
      history === null
        ? null
        : history.map(({ item, values }) => {
            const timeUs = times[at++]!;
            return timeUs === null ? null : { item, values, timeUs };
          }),
    );
  }

  #reasonAgainst(
    ask: Ask,
    timeUs: number | null,
    events: readonly (RawEvent | null)[] | null,
  ): string | null {
    if (timeUs === null)
      return `expected a time in ${this.columns.time.columns.join(' + ')}, got ${ask.time}`;
    if (!events) {
      return this.histories
        ? null
        : 'expected a history, as there is no prepared data to take it from, got none';
    }
    const wrong = events.indexOf(null);
    return wrong < 0
      ? null
      : `expected a time in event ${wrong} of the history, got ${ask.history![wrong]!.time}`;
  }

  /** Rows of one request have the same. */
  #keyOf({ requestId, userId, values }: Ask, timeUs: number): string {
    const query = this.model.config.features.query;
    const asked = requestId ?? (query ? (values[query.column] ?? '') : '');
    return JSON.stringify([userId, timeUs, asked]);
  }

  #encode(
    ask: Ask,
    timeUs: number,
    events: RawEvent[] | null,
    users: ReadonlyMap<string, number>,
  ): EncodedRequest {
    const { encoder, weights } = this.model;
    const profile = ask.profile ?? {};
    if (events) return encoder.request({ timeUs, history: events, profile, values: ask.values });
    const histories = this.histories!;
    const user = users.get(ask.userId);
    if (user === undefined) {
      this.counts.unknown.users++;
      return encoder.request({ timeUs, history: [], profile, values: ask.values });
    }
    const end = histories.countBefore(user, Math.floor(timeUs / US_PER_SECOND));
    const known = histories.read(user, end, weights.shape.maxEvents);
    return {
      events: known.events,
      users: encoder.users({
        values: ask.values,
        profile: (field) => (ask.profile ? encoder.userRow(field, ask.profile) : known.profile(field)),
        last: known.last,
      }),
      words: encoder.queryWords(ask.values),
    };
  }
}
