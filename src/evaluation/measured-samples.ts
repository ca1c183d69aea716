/** The samples of a task in their order, request after request, a piece at a time. */
import type { PreparedData } from '../dataset/prepared.js';
import type { Range } from './measured.js';

/** Arrays [samples]; the samples of a request are never in two pieces. */
export interface Chunk {
  readonly request: Int32Array;
  readonly sample: Int32Array;
  /** Row of the item or entity; null for a task about the user alone. */
  readonly candidate: Int32Array | null;
  readonly label: Float32Array;
  readonly weight: Float32Array;
}

/** Requests of a piece. */
const CHUNK_REQUESTS = 4096;

/** The samples of the requests [start, end). */
export function* measuredSamples(
  { tasks }: PreparedData,
  task: string,
  [start, end]: Range,
): Generator<Chunk> {
  const { offsets, candidate, label, weight } = tasks[task]!;
  for (let from = start; from < end; from += CHUNK_REQUESTS) {
    const to = Math.min(from + CHUNK_REQUESTS, end);
    const bounds = offsets.read(from, to + 1);
    const [first, last] = [bounds[0]!, bounds[to - from]!];
    if (first === last) continue;
    const request = new Int32Array(last - first);
    for (let row = from; row < to; row++) {
      request.fill(row, bounds[row - from]! - first, bounds[row - from + 1]! - first);
    }
    yield {
      request,
      sample: Int32Array.from({ length: last - first }, (_, at) => first + at),
      candidate: candidate?.read(first, last) ?? null,
      label: label.read(first, last),
      weight: weight.read(first, last),
    };
  }
}
