/** Rows that are worked on together: those of one request are encoded once, and all are scored in a few batches. */
import type { EncodedRequest, EncodedSample } from '../encoded.js';
import type { OpenModel } from '../open-model.js';
import type { RawEvent } from '../raw-request.js';
import { probabilitiesOf, scoreRequests } from '../score-requests.js';
import type { AskColumns } from './ask-columns.js';
import type { PredictionWriter } from './prediction-writer.js';
import type { PreparedHistories } from './prepared-histories.js';
import type { Ask } from './read-ask.js';
import type { ReadTimes } from './read-times.js';
import type { BadRow } from './row-source.js';

const US_PER_SECOND = 1_000_000;

/** A request of a piece: a user at a moment, and all that is judged of it. */
interface Asked {
  readonly request: EncodedRequest;
  readonly samples: EncodedSample[];
}

/** Works on one piece after the other, and counts what they held. */
export class Piece {
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
    const tasksOf = ({ request, samples }: Asked) => ({ request, tasks: { [task]: samples } });
    const scores = probabilitiesOf(weights, task, scoreRequests(weights, task, all.map(tasksOf)));
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
