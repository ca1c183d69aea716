import { aucOfSorted } from '../../src/evaluation/metrics/auc.js';
import { rankOrder } from '../../src/evaluation/rank-order.js';
import type { Scored } from '../../src/evaluation/scored.js';

/** The AUC of samples in any order. */
export function auc({ scores, labels, weights }: Scored): number | null {
  const order = rankOrder(scores);
  const sorted = (values: Float32Array) => new Float32Array(order.length).map((_, at) => values[order[at]!]!);
  return aucOfSorted({ scores: sorted(scores), labels: sorted(labels), weights: sorted(weights) });
}
