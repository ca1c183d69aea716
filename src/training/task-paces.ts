/** How fast each task of a joint model learns with `taskWeighting: requests`: by its weight and by how much of a batch is its own. */
import { mapValues } from '../common/map-values.js';
import type { Batch } from '../dataset/batch.js';
import { towerPrefix } from '../model/parameters.js';

/** Requests of a batch. */
export interface RequestCounts {
  readonly requests: number;
  /** Task -> how many of them have samples of it. */
  readonly byTask: Readonly<Record<string, number>>;
}

export const requestCounts = ({ tasks, lengths }: Pick<Batch, 'tasks' | 'lengths'>): RequestCounts => ({
  requests: lengths.length,
  byTask: mapValues(tasks, ({ request }) => new Set(request).size),
});

/** Task -> its weight times the share of the requests of the batch that have samples of it: 1 for the only task of a model. */
export const taskPaces = (
  { requests, byTask }: RequestCounts,
  taskWeights: Readonly<Record<string, number>>,
): Record<string, number> => mapValues(byTask, (own, task) => ((taskWeights[task] ?? 1) * own) / requests);

/** That of the task whose tower the weight belongs to, 1 for the weights that tasks share. */
export function paceOfWeight(weight: string, paces: Readonly<Record<string, number>>): number {
  const task = Object.keys(paces).find((name) => weight.startsWith(towerPrefix(name)));
  return task === undefined ? 1 : paces[task]!;
}
