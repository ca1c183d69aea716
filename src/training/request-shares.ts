/** How much of a batch each task has: what a joint model learns of it goes by that with `taskWeighting: requests`. */
import { mapValues } from '../common/map-values.js';
import type { Batch } from '../dataset/batch.js';
import { towerPrefix } from '../model/parameters.js';

/** Task -> share of the requests of the batch that have samples of it; 1 for the only task of a model. */
export function requestShares({ tasks, lengths }: Pick<Batch, 'tasks' | 'lengths'>): Record<string, number> {
  return mapValues(tasks, ({ request }) => new Set(request).size / lengths.length);
}

/** That of the task whose tower the weight belongs to, 1 for the weights that tasks share. */
export function shareOfWeight(weight: string, shares: Readonly<Record<string, number>>): number {
  const task = Object.keys(shares).find((name) => weight.startsWith(towerPrefix(name)));
  return task === undefined ? 1 : shares[task]!;
}
