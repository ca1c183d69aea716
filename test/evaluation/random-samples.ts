/** Random scored samples, and the definition of the AUC that the fast ways are compared with. */
import { createRandom } from '../../src/common/random.js';
import type { PredictionColumns } from '../../src/evaluation/predictions.js';
import type { Scored } from '../../src/evaluation/scored.js';

/** Few distinct scores, so that ties abound; negative ones, both zeros, infinities. Four samples a request on average. */
export function randomSamples(count: number, seed: number): PredictionColumns {
  const random = createRandom(seed);
  const some = [-Infinity, -1.5, -0.25, -0, 0, 1e-30, 0.5, 3, Infinity];
  const column = (make: () => number) => Float32Array.from({ length: count }, make);
  return {
    scores: column(() => some[random.integer(some.length)]!),
    outputs: 1,
    labels: column(() => random.integer(2)),
    weights: column(() => random.integer(3) + 0.5),
    requests: Int32Array.from({ length: count }, () => random.integer(Math.ceil(count / 4))),
    samples: Int32Array.from({ length: count }, (_, i) => i),
  };
}

/** Every pair of a positive and a negative sample. */
export function aucByPairs({ scores, labels, weights }: Scored): number | null {
  let won = 0;
  let total = 0;
  scores.forEach((a, i) => {
    scores.forEach((b, j) => {
      if (labels[i] !== 1 || labels[j] !== 0) return;
      const pair = weights[i]! * weights[j]!;
      total += pair;
      won += a > b ? pair : a === b ? pair / 2 : 0;
    });
  });
  return total > 0 ? won / total : null;
}

/** The samples of these indexes, which may come several times. */
export function pickSamples({ scores, labels, weights }: Scored, members: readonly number[]): Scored {
  const pick = (values: Float32Array) => Float32Array.from(members, (i) => values[i]!);
  return { scores: pick(scores), labels: pick(labels), weights: pick(weights) };
}
