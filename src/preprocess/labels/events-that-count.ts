/** The events that decide labels: positives of a candidate, or the next one that has a level. */

import { doubleLiteral, isOneOf, quoteLiteral } from '../../common/sql.js';
import type { Config, TaskConfig } from '../../config/schema.js';
import { type Inputs, number, text } from '../items.js';
import { candidateColumn, type EventColumn, targetValues } from './label-columns.js';

/** The weight of what has no other. */
export const ONE = doubleLiteral(1);

export const targetsTable = (task: number): string => `label_events_${task}`;

/** The log `l` with the row of its item in the items table, `i`. */
export function logWithItems({ data }: Config, { log, items }: Inputs): string {
  const join = items
    ? ` LEFT JOIN item_table i ON i.${text(items, data.items!.item)} = l.${text(log, data.log.item)}`
    : '';
  return `${log.table} l${join}`;
}

/** A text column of `logWithItems`. */
export function eventText({ log, items }: Inputs, { column, from }: EventColumn): string {
  return from === 'log' ? `l.${text(log, column)}` : `i.${text(items!, column)}`;
}

/** The value of an item field at an event; NULL for no field. */
export function itemFieldSql(config: Config, inputs: Inputs, field: string | undefined): string {
  return field === undefined ? 'CAST(NULL AS VARCHAR)' : eventText(inputs, config.features.item[field]!);
}

/** Conditions on rows of the log `l`: that they have the values which `positives` or `next` names. */
export function namedValuesSql({ log }: Inputs, task: TaskConfig): string[] {
  return Object.entries(targetValues(task)).map(([column, values]) =>
    isOneOf(`l.${text(log, column)}`, values),
  );
}

/**
 * `label_events_<n>` (user_id, time_us, ord) of the task's `positives` (candidate, weight) or `next` (value, kin: that of
 * its level).
 */
export function createTargetsSql(
  config: Config,
  inputs: Inputs,
  task: TaskConfig,
  taskNumber: number,
): string {
  const { log, items } = inputs;
  const column = (name: string) => `l.${text(log, name)}`;
  const conditions = namedValuesSql(inputs, task);
  const selected = () => {
    if (task.kind === 'multiclass') {
      const { column: level, from, within } = task.labels!.level;
      const value = from === 'log' ? `l.${number(log, level)}` : `i.${number(items!, level)}`;
      conditions.push(`${value} IS NOT NULL`);
      return `${value} AS value, ${itemFieldSql(config, inputs, within)} AS kin`;
    }
    const candidate = eventText(inputs, candidateColumn(config, task.candidate));
    conditions.push(`${candidate} IS NOT NULL`);
    return `${candidate} AS candidate, ${weightSql(task.labels!.weightBy, column)} AS weight`;
  };
  return `CREATE TABLE ${targetsTable(taskNumber)} AS
    SELECT l.${text(log, config.data.log.user)} AS user_id, l.time_us, l.rowid AS ord, ${selected()}
    FROM ${logWithItems(config, inputs)} WHERE ${conditions.join(' AND ')}`;
}

/** The product over the columns of the weight of their value, 1 for a value that has none. */
export function weightSql(
  weights: Readonly<Record<string, Readonly<Record<string, number>>>>,
  column: (name: string) => string,
): string {
  const factors = Object.entries(weights).map(([name, byValue]) => {
    const cases = Object.entries(byValue).map(
      ([value, weight]) => `WHEN ${quoteLiteral(value)} THEN ${doubleLiteral(weight)}`,
    );
    return cases.length > 0 ? `CASE ${column(name)} ${cases.join(' ')} ELSE ${ONE} END` : ONE;
  });
  return [ONE, ...factors].join(' * ');
}
