/** The metrics within each request: AUC, NDCG@k and reciprocal rank of its candidates. */
import { aucOfSorted } from './metrics/auc.js';
import { reciprocalRank } from './metrics/mrr.js';
import { ndcg } from './metrics/ndcg.js';

export interface RequestMetrics {
  /** Of the samples. */
  readonly weight: number;
  readonly auc: number;
  readonly ndcg: number;
  readonly reciprocalRank: number;
}

/**
 * Of the samples [start, end) of one request; null where they have one kind of label, which says nothing about order. Samples
 * without weight are left out, other weights count in the AUC only.
 */
export function requestMetrics(
  { logits, label, weight }: { logits: Float32Array; label: Float32Array; weight: Float32Array },
  start: number,
  end: number,
  k: number,
): RequestMetrics | null {
  const counted: number[] = [];
  let positives = 0;
  let total = 0;
  for (let at = start; at < end; at++) {
    if (weight[at] === 0) continue;
    counted.push(at);
    total += weight[at]!;
    if (label[at]! > 0) positives++;
  }
  if (positives === 0 || positives === counted.length) return null;
  counted.sort((a, b) => logits[a]! - logits[b]!);
  const list = {
    scores: Float32Array.from(counted, (at) => logits[at]!),
    labels: Float32Array.from(counted, (at) => label[at]!),
    weights: Float32Array.from(counted, (at) => weight[at]!),
  };
  const auc = aucOfSorted(list);
  const gain = ndcg(list, k);
  const rank = reciprocalRank(list);
  return auc === null || gain === null || rank === null
    ? null
    : { weight: total, auc, ndcg: gain, reciprocalRank: rank };
}
