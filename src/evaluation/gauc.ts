/**
 * GAUC: the AUC within each group (a request, a user), averaged with the groups' weights; groups of one class say
 * nothing about order and are left out (Zhu et al., KDD 2017, section 5.2).
 */
import { aucOfSorted } from './auc.js';
import { groupOrder, rankOrder } from './rank-order.js';
import { inOrder, type Scored } from './scored.js';

/** The groups that have both classes; arrays [groups]. */
export interface GroupAucs {
  readonly groups: Int32Array;
  /** AUC within the group. */
  readonly values: Float64Array;
  /** Sum of the weights of the group's samples. */
  readonly weights: Float64Array;
  /** Groups among the samples, those of one class included. */
  readonly numGroups: number;
}

/** `groups` [samples] are integers from 0, in any order. */
export function aucByGroup(samples: Scored, groups: Int32Array): GroupAucs {
  const order = groupOrder(rankOrder(samples.scores), groups);
  const { scores, labels, weights } = inOrder(samples, order);
  const found: number[] = [];
  const values: number[] = [];
  const totals: number[] = [];
  let numGroups = 0;
  for (let start = 0; start < order.length; numGroups++) {
    const group = groups[order[start]!]!;
    let total = 0;
    let end = start;
    for (; end < order.length && groups[order[end]!] === group; end++) total += weights[end]!;
    const value = aucOfSorted({
      scores: scores.subarray(start, end),
      labels: labels.subarray(start, end),
      weights: weights.subarray(start, end),
    });
    if (value !== null) {
      found.push(group);
      values.push(value);
      totals.push(total);
    }
    start = end;
  }
  return {
    groups: Int32Array.from(found),
    values: Float64Array.from(values),
    weights: Float64Array.from(totals),
    numGroups,
  };
}

/** In [0, 1]; null where no group has both classes. */
export function gauc({ values, weights }: GroupAucs): number | null {
  let total = 0;
  let sum = 0;
  for (let group = 0; group < values.length; group++) {
    total += weights[group]!;
    sum += weights[group]! * values[group]!;
  }
  return total > 0 ? sum / total : null;
}
