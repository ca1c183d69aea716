/** The tasks that a run trains and evaluates: those of `train.tasks`, else all. */
import type { Config } from './schema.js';

export function activeTasks({ tasks, train }: Pick<Config, 'tasks' | 'train'>): Config['tasks'] {
  if (!train.tasks) return tasks;
  return Object.fromEntries(Object.entries(tasks).filter(([name]) => train.tasks!.includes(name)));
}
