/**
 * How often a user has seen the candidate before: the events of the history with the candidate's item row and, as
 * tie-breakers, those that share its other single-valued fields (category, brand).
 */
import { MISSING_INDEX } from '../common/prepared.js';
import type { PreparedData } from '../dataset/prepared.js';
import { findEvents } from '../dataset/user-streams.js';

export interface Asked {
  /** Request of each sample, non-decreasing, [samples]. */
  readonly requests: Int32Array;
  /** Item row of each sample's candidate, [samples]. */
  readonly candidates: Int32Array;
}

/** [samples] */
export function seenScores(
  prepared: PreparedData,
  { requests, candidates }: Asked,
  maxEvents: number,
): Float32Array {
  const fields = prepared.items
    .filter(({ field, offsets }) => field.name !== 'item' && offsets === null)
    .map(({ values }) => values.load());
  // One event of the item outweighs all that its other fields can add.
  const itemFactor = 1 + maxEvents * fields.length;
  const scores = new Float32Array(requests.length);
  let history: Int32Array = new Int32Array(0);
  for (let sample = 0; sample < requests.length; sample++) {
    const request = requests[sample]!;
    if (sample === 0 || request !== requests[sample - 1]) history = historyOf(prepared, request, maxEvents);
    const candidate = candidates[sample]!;
    let score = 0;
    for (const item of history) {
      if (item === candidate) score += itemFactor;
      for (const values of fields) {
        const value = values[candidate]!;
        if (value !== MISSING_INDEX && values[item] === value) score++;
      }
    }
    scores[sample] = score;
  }
  return scores;
}

/** Item rows of the latest events strictly before the request. */
function historyOf({ requests, segments }: PreparedData, request: number, maxEvents: number): Int32Array {
  const end = requests.end.at(request);
  const pieces = findEvents(segments, requests.user.at(request), Math.max(0, end - maxEvents), end);
  return Int32Array.from(pieces.flatMap(({ segment, start, end }) => [...segment.items.read(start, end)]));
}
