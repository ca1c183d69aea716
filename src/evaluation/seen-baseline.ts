/**
 * How often a user has seen the candidate before: the events of the history with the candidate's item row, or of
 * another entity with its id (a shop), and, as tie-breakers, those that share its other single-valued fields.
 */
import { MISSING_INDEX } from '../common/prepared.js';
import type { PreparedData } from '../dataset/prepared.js';
import { findEvents } from '../dataset/user-streams.js';

export interface Asked {
  /** Request of each sample, non-decreasing, [samples]. */
  readonly requests: Int32Array;
  /** item or an entity. */
  readonly judged: string;
  /** Row of each sample's candidate, [samples]. */
  readonly candidates: Int32Array;
}

/** What an event and a candidate have in common: values of a field by item row, and by the candidate's row. */
interface SharedField {
  readonly items: Int32Array;
  readonly candidates: Int32Array;
}

/** [samples]; null for an entity that shares no field with the items. */
export function seenScores(
  prepared: PreparedData,
  { requests, judged, candidates }: Asked,
  maxEvents: number,
): Float32Array | null {
  const shared = sharedFields(prepared, judged);
  if (!shared) return null;
  const { same, others } = shared;
  // One event of the candidate itself outweighs all that its other fields can add.
  const factor = 1 + maxEvents * others.length;
  const scores = new Float32Array(requests.length);
  let history: Int32Array = new Int32Array(0);
  for (let sample = 0; sample < requests.length; sample++) {
    const request = requests[sample]!;
    if (sample === 0 || request !== requests[sample - 1]) history = historyOf(prepared, request, maxEvents);
    const candidate = candidates[sample]!;
    let score = 0;
    for (const item of history) {
      if (same(item, candidate)) score += factor;
      for (const field of others) if (agrees(field, item, candidate)) score++;
    }
    scores[sample] = score;
  }
  return scores;
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

/** Item rows of the latest events strictly before the request. */
function historyOf({ requests, segments }: PreparedData, request: number, maxEvents: number): Int32Array {
  const end = requests.end.at(request);
  const pieces = findEvents(segments, requests.user.at(request), Math.max(0, end - maxEvents), end);
  return Int32Array.from(pieces.flatMap(({ segment, start, end }) => [...segment.items.read(start, end)]));
}
