/** What is said where no event of the log decides a label. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf } from '../../common/database.js';
import { UserError } from '../../common/errors.js';
import type { TaskConfig } from '../../config/schema.js';
import { describeValues } from '../column-values.js';
import type { Inputs } from '../items.js';
import { namedValuesSql, targetsTable } from './events-that-count.js';
import { targetValues } from './label-columns.js';

/** @throws UserError where there is no target: with the values that the columns really have, or what the events lack */
export async function checkTargets(
  connection: DuckDBConnection,
  inputs: Inputs,
  name: string,
  task: TaskConfig,
  taskNumber: number,
): Promise<void> {
  if ((await numberOf(connection, `SELECT count(*) FROM ${targetsTable(taskNumber)}`)) > 0) return;
  const { log } = inputs;
  const values = targetValues(task);
  const key = `tasks.${name}.labels.${task.kind === 'multiclass' ? 'next' : 'positives'}`;
  const count = await numberOf(
    connection,
    `SELECT count(*) FROM ${log.table} l WHERE ${namedValuesSql(inputs, task).join(' AND ')}`,
  );
  if (count > 0) {
    const lacking =
      task.kind === 'multiclass'
        ? `a number in ${task.labels!.level.column}`
        : `a value of ${task.candidate}`;
    throw new UserError(
      `Cannot work out the labels of \`${name}\`: required events of ${key} with ${lacking}, got ${count} without one`,
    );
  }
  const required = Object.entries(values).map(([column, of]) => `${column} ${of.join(' or ')}`);
  const found: string[] = [];
  for (const column of Object.keys(values)) found.push(await describeValues(connection, log, column));
  throw new UserError(
    `Cannot work out the labels of \`${name}\`: required events with ${required.join(' and ')} (${key}), got none; ${found.join('; ')}`,
  );
}
