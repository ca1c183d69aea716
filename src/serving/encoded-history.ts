/** A history as a model reads it, and what was worked out of it. */
import type { EncodedEvent } from '../delivery/encoded.js';

/** Representations that are kept of a history, the latest ones: a user searches for many things. */
const KEPT_VECTORS = 4;

export interface EncodedHistory {
  /** Tells it from all others. */
  readonly id: number;
  /** Whether it may be asked again, so that what is known of it is worth keeping. */
  readonly isKept: boolean;
  /** Oldest first, as many as the model reads at most. */
  readonly events: readonly EncodedEvent[];
  /** Table rows of the user fields that come from the profile or from the latest event; the missing one for the others. */
  readonly users: readonly number[];
  /** States of the LSTM, [events, units]; null before they were worked out. */
  states: Float32Array | null;
  /** User fields and words -> representation. */
  readonly vectors: Map<string, Float32Array>;
}

let histories = 0;

/** One that came with a request, and goes with it. */
export const ownHistory = (events: readonly EncodedEvent[]): EncodedHistory => history(events, [], false);

/** That of a user whom others may ask for. */
export const keptHistory = (events: readonly EncodedEvent[], users: readonly number[]): EncodedHistory =>
  history(events, users, true);

const history = (
  events: readonly EncodedEvent[],
  users: readonly number[],
  isKept: boolean,
): EncodedHistory => ({ id: histories++, isKept, events, users, states: null, vectors: new Map() });

export const knownVector = ({ vectors }: EncodedHistory, key: string): Float32Array | undefined =>
  vectors.get(key);

export function keepVector({ vectors }: EncodedHistory, key: string, vector: Float32Array): void {
  vectors.set(key, vector);
  for (const oldest of vectors.keys()) {
    if (vectors.size <= KEPT_VECTORS) break;
    vectors.delete(oldest);
  }
}

/**
 * About what a history takes: of a model with so many units of states (0 where none are kept) and of a representation, and items of
 * so many bytes that are held by the history alone (0 where the catalogue has them anyway).
 */
export function historyBytes(
  { events }: EncodedHistory,
  {
    states,
    vector,
    itemBytes,
  }: { readonly states: number; readonly vector: number; readonly itemBytes: number },
): number {
  const [eventBytes, ownBytes] = [64, 500];
  return events.length * (4 * states + eventBytes + itemBytes) + 4 * vector * KEPT_VECTORS + ownBytes;
}
