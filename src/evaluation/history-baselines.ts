/**
 * What a history says of a candidate without a model: how often the user has seen it before, and whether the latest behaviour
 * was of it. An event is of the candidate where it has its item row, or of another entity its id (a shop); what an event shares
 * with it of its other single-valued fields breaks ties.
 */
import { MISSING_INDEX } from '../common/prepared.js';
import type { PreparedData } from '../dataset/prepared.js';
import { findEvents } from '../dataset/user-streams.js';
import type { Chunk } from './measured-samples.js';

/** All [samples]. */
export interface HistoryScores {
  /** Over the events of the history. */
  readonly seen: Float32Array;
  /** Of the latest event alone. */
  readonly last: Float32Array;
  /** 1 where the latest event is of the candidate itself. */
  readonly isLatest: Uint8Array;
  /** Seconds since the latest event; NaN without one. */
  readonly ages: Float64Array;
}

/** What an event and a candidate have in common: values of a field by item row, and by the candidate's row. */
interface SharedField {
  readonly items: Int32Array;
  readonly candidates: Int32Array;
}

export type HistoryScorer = (chunk: Chunk) => HistoryScores;

/** `judged` is item or an entity; null for an entity that shares no field with the items. */
export function historyScorer(
  prepared: PreparedData,
  judged: string,
  maxEvents: number,
): HistoryScorer | null {
  const shared = sharedFields(prepared, judged);
  if (!shared) return null;
  const { same, others } = shared;
  // One event of the candidate itself outweighs all that its other fields can add.
  const factor = 1 + maxEvents * others.length;
  const scoreOf = (item: number, candidate: number) => {
    let score = same(item, candidate) ? factor : 0;
    for (const field of others) if (agrees(field, item, candidate)) score++;
    return score;
  };
  return ({ request, candidate }) => {
    const samples = request.length;
    const seen = new Float32Array(samples);
    const last = new Float32Array(samples);
    const isLatest = new Uint8Array(samples);
    const ages = new Float64Array(samples);
    let history: History = { items: new Int32Array(0), age: Number.NaN };
    for (let at = 0; at < samples; at++) {
      if (at === 0 || request[at] !== request[at - 1]) history = historyOf(prepared, request[at]!, maxEvents);
      const { items, age } = history;
      const judged = candidate![at]!;
      for (const item of items) seen[at]! += scoreOf(item, judged);
      ages[at] = age;
      if (items.length === 0) continue;
      last[at] = scoreOf(items.at(-1)!, judged);
      isLatest[at] = same(items.at(-1)!, judged) ? 1 : 0;
    }
    return { seen, last, isLatest, ages };
  };
}

function agrees({ items, candidates }: SharedField, item: number, candidate: number): boolean {
  const value = candidates[candidate]!;
  return value !== MISSING_INDEX && items[item] === value;
}

/** `same`: the event is of the candidate itself. */
function sharedFields({ items, entities }: PreparedData, judged: string) {
  const byItem = new Map(
    items.flatMap(({ field, offsets, values }) => (offsets ? [] : [[field.name, values.load()] as const])),
  );
  if (judged === 'item') {
    const others = [...byItem].flatMap(([name, values]) =>
      name === 'item' ? [] : [{ items: values, candidates: values }],
    );
    return { same: (item: number, candidate: number) => item === candidate, others };
  }
  const fields = entities[judged]!.flatMap(({ field, offsets, values }) => {
    const ofItems = field.shares === undefined ? undefined : byItem.get(field.shares);
    return ofItems && !offsets
      ? [{ name: field.name, shared: { items: ofItems, candidates: values.load() } }]
      : [];
  });
  if (fields.length === 0) return null;
  const id = fields.find(({ name }) => name === judged)?.shared;
  return {
    same: (item: number, candidate: number) => id !== undefined && agrees(id, item, candidate),
    others: fields.flatMap(({ name, shared }) => (name === judged ? [] : [shared])),
  };
}

interface History {
  /** Item rows of the latest events strictly before the request. */
  readonly items: Int32Array;
  /** Seconds between the last of them and the request. */
  readonly age: number;
}

function historyOf({ requests, segments }: PreparedData, request: number, maxEvents: number): History {
  const end = requests.end.at(request);
  const pieces = findEvents(segments, requests.user.at(request), Math.max(0, end - maxEvents), end);
  const latest = pieces.at(-1);
  const age = latest ? requests.time.at(request) - latest.segment.times.at(latest.end - 1) : Number.NaN;
  const parts = pieces.map(({ segment, start, end }) => segment.items.read(start, end));
  const items = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    items.set(part, at);
    at += part.length;
  }
  return { items, age };
}
