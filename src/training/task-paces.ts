/** How fast each task of a joint model learns with `taskWeighting: requests`: by its weight and by how much of a batch is its own. */
import { mapValues } from '../common/map-values.js';
import type { Batch } from '../dataset/batch.js';
import { towerPrefix } from '../model/parameters.js';

/** Task -> its weight times the share of the requests of the batch that have samples of it: 1 for the only task of a model. */
export function taskPaces(
  { tasks, lengths }: Pick<Batch, 'tasks' | 'lengths'>,
  taskWeights: Readonly<Record<string, number>>,
): Record<string, number> {
  return mapValues(
    tasks,
    ({ request }, task) => ((taskWeights[task] ?? 1) * new Set(request).size) / lengths.length,
  );
}

/** That of the task whose tower the weight belongs to, 1 for the weights that tasks share. */
export function paceOfWeight(weight: string, paces: Readonly<Record<string, number>>): number {
  const task = Object.keys(paces).find((name) => weight.startsWith(towerPrefix(name)));
  return task === undefined ? 1 : paces[task]!;
}
