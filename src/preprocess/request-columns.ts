/** Which sample tables have the columns that are known of a request. */
import type { Config } from '../config/schema.js';
import { isPlacedInLog } from './labels/label-columns.js';

/** Whether the samples of a task have the column of a field of the request; those that are placed in the log have none. */
export function hasColumn(
  { tasks }: Config,
  task: string,
  field: { readonly tasks?: readonly string[] | undefined },
): boolean {
  return !isPlacedInLog(tasks[task]!) && (field.tasks?.includes(task) ?? true);
}

/** Whether they have the column of the query. */
export function hasQuery(config: Config, task: string): boolean {
  const { query } = config.features;
  return query !== undefined && hasColumn(config, task, query);
}
