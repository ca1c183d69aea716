/** Training with less data of one task: which of its requests are kept. */
import { createRandom } from '../common/random.js';

export interface SampleLimit {
  readonly task: string;
  /** Share of the requests with samples of the task, in (0, 1]. */
  readonly share: number;
  readonly seed: number;
}

/** Of `requests`; those of a smaller share are among those of a larger one. At least one, where there is one. */
export function drawRequests(requests: Int32Array, { task, share, seed }: SampleLimit): ReadonlySet<number> {
  const drawn = requests.slice();
  createRandom(seed, 'limit', task).shuffle(drawn);
  return new Set(drawn.subarray(0, Math.ceil(share * drawn.length)));
}
