/** Which columns of the log and of the items table the labels are worked out from. */
import type { Config, TaskConfig } from '../../config/schema.js';

interface Columns {
  readonly text: readonly string[];
  readonly numbers: readonly string[];
}

/** A column of an event: of its own row in the log, or of its item's row in the items table. */
export interface EventColumn {
  readonly column: string;
  readonly from: 'log' | 'items';
}

/** Whether the rows of a task are worked out of the log, and not read from a table of samples. */
export const isPlacedInLog = (task: TaskConfig): boolean => task.samples.files.length === 0;

/** Where an event names what a task judges: its item, the item field of that name, or the id of the entity in the log. */
export function candidateColumn(config: Config, candidate: string): EventColumn {
  const { data, features, entities } = config;
  if (candidate === 'item') return { column: data.log.item, from: 'log' };
  const field = features.item[candidate];
  return field ?? { column: entities[candidate]!.id, from: 'log' };
}

/** By which columns of the log the events that count are known. */
export function targetValues(task: TaskConfig): Readonly<Record<string, readonly string[]>> {
  if (!task.labels) return {};
  return 'next' in task.labels ? task.labels.next : task.labels.positives;
}

export function labelColumns(config: Config): { readonly log: Columns; readonly items: Columns } {
  const log = { text: [] as string[], numbers: [] as string[] };
  const items = { text: [] as string[], numbers: [] as string[] };
  for (const task of Object.values(config.tasks)) {
    if (!task.labels) continue;
    log.text.push(...Object.keys(targetValues(task)));
    if (task.kind === 'multiclass') {
      const { column, from } = task.labels.level;
      (from === 'log' ? log : items).numbers.push(column);
    } else {
      log.text.push(...Object.keys(task.labels.weightBy));
      const { column, from } = candidateColumn(config, task.candidate);
      (from === 'log' ? log : items).text.push(column);
    }
  }
  const { ranking } = config.features;
  if (ranking) {
    log.text.push(ranking.behavior);
    if (ranking.price !== undefined) (ranking.priceFrom === 'log' ? log : items).numbers.push(ranking.price);
    if (ranking.rating !== undefined) items.numbers.push(ranking.rating);
  }
  return { log, items };
}
