/**
 * The order in which requests meet the model. Training: a permutation of the requests, cut into pools of 50
 * batches, each sorted by length and cut into batches (so that padding costs little), then the batches permuted.
 * Evaluation: the same pools over the stored order, nothing permuted. It follows from the seed and the epoch
 * alone, so that (epoch, batch) is all that a resumed run needs.
 */
import type { Split } from '../common/prepared.js';
import { createRandom } from '../common/random.js';
import { type PreparedData, splitRange } from './prepared.js';
import { type DrawnRequests, drawRequests, type SampleLimit } from './sample-limit.js';

/** Batches of a pool within which requests are sorted by length. */
const POOL_BATCHES = 50;

/** The requests that an order is over, and how long the history of each is. */
export interface OrderedRequests {
  /** Indexes in the prepared data, ascending; several times over where few are to fill an epoch. */
  readonly requests: Int32Array;
  /** Events of the window of each, at most maxEvents. */
  readonly lengths: Int32Array;
  /** The requests whose samples of the limited task are read; null without a limit. */
  readonly drawn: DrawnRequests | null;
}

/** The batches of one epoch. */
export interface BatchOrder {
  readonly numBatches: number;
  /** The requests of a batch; a view. */
  batch(index: number): Int32Array;
}

/**
 * The requests of a part of the split that have a sample of at least one of the tasks. Where the limited task is the only
 * one, those that are drawn come again and again, until there are as many as without the limit.
 */
export function selectRequests(
  prepared: PreparedData,
  split: Split,
  tasks: readonly string[],
  maxEvents: number,
  limit?: SampleLimit,
): OrderedRequests {
  const [start, end] = splitRange(prepared.manifest, split);
  const drawn = limit ? drawRequests(requestsWith(prepared, split, [limit.task]), limit) : null;
  const all = requestsWith(prepared, split, tasks, limit && { task: limit.task, drawn: drawn! });
  const alone = limit !== undefined && tasks.every((task) => task === limit.task);
  const requests = alone ? repeated(all, requestsWith(prepared, split, tasks).length) : all;
  const ends = prepared.requests.end.read(start, end);
  const lengths = requests.map((request) => Math.min(ends[request - start]!, maxEvents));
  return { requests, lengths, drawn };
}

function requestsWith(
  prepared: PreparedData,
  split: Split,
  tasks: readonly string[],
  limit?: { readonly task: string; readonly drawn: DrawnRequests },
): Int32Array {
  const [start, end] = splitRange(prepared.manifest, split);
  const used = new Uint8Array(end - start);
  for (const task of tasks) {
    const offsets = prepared.tasks[task]!.offsets.read(start, end + 1);
    const drawn = task === limit?.task ? limit.drawn : null;
    for (let i = 0; i < used.length; i++) {
      if (offsets[i]! < offsets[i + 1]! && (!drawn || drawn.has(start + i))) used[i] = 1;
    }
  }
  const requests = new Int32Array(used.reduce((sum, one) => sum + one, 0));
  for (let i = 0, at = 0; i < used.length; i++) if (used[i]) requests[at++] = start + i;
  return requests;
}

function repeated(values: Int32Array, length: number): Int32Array {
  const whole = new Int32Array(length);
  for (let at = 0; at < length; at += values.length) whole.set(values.subarray(0, length - at), at);
  return whole;
}

/**
 * The batches of an epoch, each of `batchRequests` requests but one that takes what is left. Null `shuffle` is the
 * fixed order. Takes 4 bytes for each request, beside those of `selected`.
 */
export function orderBatches(
  selected: Pick<OrderedRequests, 'requests' | 'lengths'>,
  batchRequests: number,
  shuffle: { readonly seed: number; readonly epoch: number } | null,
): BatchOrder {
  const total = selected.requests.length;
  const random = shuffle && createRandom(shuffle.seed, 'order', shuffle.epoch);
  const order = ascending(total);
  random?.shuffle(order);
  const pool = POOL_BATCHES * batchRequests;
  for (let start = 0; start < total; start += pool) {
    sortByLength(order.subarray(start, start + pool), selected.lengths);
  }
  for (let i = 0; i < total; i++) order[i] = selected.requests[order[i]!]!;

  const batches = ascending(Math.ceil(total / batchRequests));
  random?.shuffle(batches);
  return {
    numBatches: batches.length,
    batch(index) {
      const start = batches[index]! * batchRequests;
      return order.subarray(start, start + batchRequests);
    },
  };
}

/** 0, 1, ... length - 1. */
function ascending(length: number): Int32Array {
  const values = new Int32Array(length);
  for (let i = 0; i < length; i++) values[i] = i;
  return values;
}

/** Sorts positions by the length of what they point at, equal ones in their order; a counting sort. */
function sortByLength(positions: Int32Array, lengths: Int32Array): void {
  const unsorted = positions.slice();
  const longest = unsorted.reduce((most, position) => Math.max(most, lengths[position]!), 0);
  const next = new Int32Array(longest + 2);
  for (const position of unsorted) next[lengths[position]! + 1]!++;
  for (let length = 1; length < next.length; length++) next[length]! += next[length - 1]!;
  for (const position of unsorted) positions[next[lengths[position]!]!++] = position;
}
