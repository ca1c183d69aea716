/**
 * Metrics as functions of how often each user was drawn: what a bootstrap repeats. All that the draws don't change is
 * worked out once, so a resample costs one pass over the samples for the AUC, one over the users for means.
 */
import { aucOfSorted } from './auc.js';
import type { Resampled } from './bootstrap.js';
import { rankOrder } from './rank-order.js';
import { inOrder, type Scored } from './scored.js';

/** `users` [samples] are integers from 0. */
export function resampledAuc(samples: Scored, users: Int32Array): Resampled {
  const order = rankOrder(samples.scores);
  const sorted = inOrder(samples, order);
  const sortedUsers = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) sortedUsers[i] = users[order[i]!]!;
  const weights = new Float32Array(order.length);
  return (counts) => {
    for (let i = 0; i < weights.length; i++) weights[i] = sorted.weights[i]! * counts[sortedUsers[i]!]!;
    return aucOfSorted({ ...sorted, weights });
  };
}

/** A weighted mean of values (losses of samples, AUCs of groups), each of which belongs to a user: all [values]. */
export function resampledMean({ values, weights, users }: MeanOverUsers, numUsers: number): Resampled {
  const sums = new Float64Array(numUsers);
  const totals = new Float64Array(numUsers);
  for (let i = 0; i < values.length; i++) {
    sums[users[i]!]! += weights[i]! * values[i]!;
    totals[users[i]!]! += weights[i]!;
  }
  return (counts) => {
    let sum = 0;
    let total = 0;
    for (let user = 0; user < numUsers; user++) {
      sum += counts[user]! * sums[user]!;
      total += counts[user]! * totals[user]!;
    }
    return total > 0 ? sum / total : null;
  };
}

export interface MeanOverUsers {
  readonly values: Float64Array;
  readonly weights: Float32Array | Float64Array;
  readonly users: Int32Array;
}
