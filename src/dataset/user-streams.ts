/**
 * The events of each user, oldest first: segment after segment, one segment for each update of the data. A segment
 * knows the users of its time; users who came later have no events in it.
 */
import { UserError } from '../common/errors.js';
import type { RawArray } from './raw-array.js';

export interface StreamSegment {
  /** [users of its time + 1] */
  readonly offsets: RawArray<'i32'>;
  /** Item row of each event. */
  readonly items: RawArray<'i32'>;
  /** Property code of each event. */
  readonly properties: RawArray<'u16'>;
  /** Seconds since 1970 of each event. */
  readonly times: RawArray<'u32'>;
}

/** Events [start, end) of one segment. */
export interface StreamPiece {
  readonly segment: StreamSegment;
  readonly start: number;
  readonly end: number;
}

/** How many events a user has, over all segments. */
export function countEvents(segments: readonly StreamSegment[], user: number): number {
  return segments.reduce((sum, segment) => {
    const [from, to] = userRange(segment, user);
    return sum + to - from;
  }, 0);
}

/**
 * Where events [start, end) of a user lie, oldest first.
 * @throws UserError when the user has fewer than `end` events.
 */
export function findEvents(
  segments: readonly StreamSegment[],
  user: number,
  start: number,
  end: number,
): StreamPiece[] {
  const pieces: StreamPiece[] = [];
  let before = 0;
  for (const segment of segments) {
    if (before >= end) break;
    const [from, to] = userRange(segment, user);
    const first = Math.max(from, from + start - before);
    const last = Math.min(to, from + end - before);
    if (first < last) pieces.push({ segment, start: first, end: last });
    before += to - from;
  }
  if (before < end) {
    throw new UserError(
      `Cannot read the events of user ${user}: at least ${end} in the streams, got ${before}; run dupn preprocess again`,
    );
  }
  return pieces;
}

function userRange({ offsets }: StreamSegment, user: number): readonly [from: number, to: number] {
  if (user + 1 >= offsets.length) return [0, 0];
  const range = offsets.read(user, user + 2);
  return [range[0]!, range[1]!];
}
