/**
 * GAUC: the AUC within each group (a request, a user), averaged with the groups' weights; groups of one class say
 * nothing about order and are left out (Zhu et al., KDD 2017, section 5.2).
 */
import { auc, type Scored } from './auc.js';

export interface GroupAuc {
  readonly group: number;
  readonly auc: number;
  /** Sum of the weights of its samples. */
  readonly weight: number;
}

/** AUC of every group that has both classes; `groups` [samples] in any order. */
export function aucByGroup(samples: Scored, groups: Int32Array): GroupAuc[] {
  const order = Uint32Array.from(groups.keys()).sort((a, b) => groups[a]! - groups[b]! || a - b);
  const result: GroupAuc[] = [];
  for (let start = 0; start < order.length; ) {
    const group = groups[order[start]!]!;
    let end = start;
    while (end < order.length && groups[order[end]!] === group) end++;
    const members = order.subarray(start, end);
    const pick = (values: Float32Array) => Float32Array.from(members, (sample) => values[sample]!);
    const weights = pick(samples.weights);
    const value = auc({ scores: pick(samples.scores), labels: pick(samples.labels), weights });
    if (value !== null) result.push({ group, auc: value, weight: weights.reduce((sum, w) => sum + w, 0) });
    start = end;
  }
  return result;
}

/** In [0, 1]; null where no group has both classes. */
export function gauc(groups: readonly GroupAuc[]): number | null {
  let total = 0;
  let sum = 0;
  for (const { auc: value, weight } of groups) {
    total += weight;
    sum += weight * value;
  }
  return total > 0 ? sum / total : null;
}
