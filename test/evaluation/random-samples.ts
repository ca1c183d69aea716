/** Random scored samples: ties, weights of 0, requests of one kind of label. */
import { createRandom } from '../../src/common/random.js';
import type { Scored } from '../../src/evaluation/scored.js';
import type { Sample } from './definitions.js';

export interface RandomSamples extends Scored {
  readonly requests: Int32Array;
}

/** Few distinct scores, so that ties abound; negative ones, both zeros, infinities. Four samples a request on average. */
export function randomSamples(count: number, seed: number): RandomSamples {
  const random = createRandom(seed);
  const some = [-Infinity, -1.5, -0.25, -0, 0, 1e-30, 0.5, 3, Infinity];
  const column = (make: () => number) => Float32Array.from({ length: count }, make);
  return {
    scores: column(() => some[random.integer(some.length)]!),
    labels: column(() => random.integer(2)),
    weights: column(() => random.integer(4) / 2),
    requests: Int32Array.from({ length: count }, () => random.integer(Math.ceil(count / 4))),
  };
}

/** The columns as rows. */
export function rowsOf({ scores, labels, weights }: Scored): Sample[] {
  return Array.from(scores, (score, at) => ({ score, label: labels[at]!, weight: weights[at]! }));
}
