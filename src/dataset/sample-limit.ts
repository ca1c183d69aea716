/** Training with less data of one task: which of its requests are kept. */
import { createRandom } from '../common/random.js';

export interface SampleLimit {
  readonly task: string;
  /** Share of the requests with samples of the task, in (0, 1). */
  readonly share: number;
  readonly seed: number;
}

/** Some of the requests of a part of the split. */
export interface DrawnRequests {
  has(request: number): boolean;
}

/** Of `requests`, ascending; those of a smaller share are among those of a larger one. At least one, where there is one. */
export function drawRequests(requests: Int32Array, { task, share, seed }: SampleLimit): DrawnRequests {
  const first = requests[0] ?? 0;
  const drawn = new Uint8Array(requests.length > 0 ? requests.at(-1)! + 1 - first : 0);
  const order = requests.slice();
  createRandom(seed, 'limit', task).shuffle(order);
  for (const request of order.subarray(0, Math.max(1, Math.round(share * order.length)))) {
    drawn[request - first] = 1;
  }
  return { has: (request) => drawn[request - first] === 1 };
}
