/** What a batch reads of its requests: their windows, their samples and their queries. */
import type { Batch, BatchSamples, MultiValuedSlots } from './batch.js';
import type { Distinct } from './distinct.js';
import type { RequestArrays, TaskArrays } from './prepared.js';
import type { DrawnRequests } from './sample-limit.js';
import { findEvents, type StreamSegment } from './user-streams.js';

/** The windows of the requests, with the slots of their items and property codes. */
export function readWindows(
  segments: readonly StreamSegment[],
  stored: RequestArrays,
  requests: Int32Array,
  maxEvents: number,
  items: Distinct,
  codes: Distinct,
): Pick<Batch, 'steps' | 'lengths' | 'history' | 'property'> {
  const size = requests.length;
  const ends = requests.map((request) => stored.end.at(request));
  const lengths = ends.map((end) => Math.min(end, maxEvents));
  const steps = lengths.reduce((longest, length) => Math.max(longest, length), 1);
  const history = new Int32Array(steps * size);
  const property = new Int32Array(steps * size);
  for (let row = 0; row < size; row++) {
    const end = ends[row]!;
    const start = end - lengths[row]!;
    if (start === end) continue;
    let at = row;
    for (const piece of findEvents(segments, stored.user.at(requests[row]!), start, end)) {
      const pieceItems = piece.segment.items.read(piece.start, piece.end);
      const pieceCodes = piece.segment.properties.read(piece.start, piece.end);
      for (let i = 0; i < pieceItems.length; i++, at += size) {
        history[at] = items.slot(pieceItems[i]!);
        property[at] = codes.slot(pieceCodes[i]!);
      }
    }
  }
  return { steps, lengths, history, property };
}

/**
 * The samples of the requests, in order of request, with the slots of their candidates among `rows`;
 * `width` is the number of their ranking features; null for `only` reads those of all requests.
 */
export function readSamples(
  task: TaskArrays,
  requests: Int32Array,
  rows: Distinct | null,
  width: number,
  only: DrawnRequests | null,
): BatchSamples {
  const none = Int32Array.of(0, 0);
  const ranges = Array.from(requests, (request) =>
    only && !only.has(request) ? none : task.offsets.read(request, request + 2),
  );
  const total = ranges.reduce((sum, range) => sum + range[1]! - range[0]!, 0);
  const samples: BatchSamples = {
    request: new Int32Array(total),
    candidate: new Int32Array(rows ? total : 0),
    features: new Float32Array(total * width),
    label: new Float32Array(total),
    weight: new Float32Array(total),
    sample: new Int32Array(total),
  };
  let at = 0;
  for (const [row, range] of ranges.entries()) {
    const [start, end] = [range[0]!, range[1]!];
    const count = end - start;
    const candidates = rows && task.candidate!.read(start, end);
    samples.request.fill(row, at, at + count);
    if (task.features) {
      samples.features.set(task.features.read(start * width, end * width), at * width);
    }
    samples.label.set(task.label.read(start, end), at);
    samples.weight.set(task.weight.read(start, end), at);
    for (let i = 0; i < count; i++, at++) {
      if (candidates) samples.candidate[at] = rows!.slot(candidates[i]!);
      samples.sample[at] = start + i;
    }
  }
  return samples;
}

/** The words of the requests' queries. */
export function queryWords(
  { values, offsets }: NonNullable<RequestArrays['query']>,
  requests: Int32Array,
  rows: Distinct,
): MultiValuedSlots {
  const slots: number[] = [];
  const segments: number[] = [];
  const counts = requests.map((request, row) => {
    const [start, end] = offsets.read(request, request + 2);
    for (const word of values.read(start!, end!)) {
      slots.push(rows.slot(word));
      segments.push(row);
    }
    return end! - start!;
  });
  return { slots: Int32Array.from(slots), segments: Int32Array.from(segments), counts };
}
