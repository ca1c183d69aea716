/** Whether the log has the behaviours that ranking features are counted from. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from '../../common/context.js';
import { numberOf } from '../../common/database.js';
import { UserError } from '../../common/errors.js';
import { isOneOf } from '../../common/sql.js';
import type { Config } from '../../config/schema.js';
import { describeValues } from '../column-values.js';
import { type Inputs, text } from '../items.js';
import { KINDS, tasksWithComputedFeatures } from './computed-features.js';

/**
 * Warns of a kind of behaviour that no event has by its default name: a log may lack it, or call it something else.
 * @throws UserError where it is named and no event has it
 */
export async function checkBehaviors(
  connection: DuckDBConnection,
  config: Config,
  { log }: Inputs,
  logger: Logger,
): Promise<void> {
  if (tasksWithComputedFeatures(config).length === 0) return;
  const ranking = config.features.ranking!;
  const { behavior } = ranking;
  for (const kind of KINDS) {
    const names = ranking[kind];
    const isNamed = isOneOf(text(log, behavior), names);
    if ((await numberOf(connection, `SELECT count(*) FROM ${log.table} WHERE ${isNamed}`)) > 0) continue;
    const key = `features.ranking.${kind}`;
    const found = `no event has ${behavior} ${names.join(' or ')} (${key}); ${await describeValues(connection, log, behavior)}`;
    if (names.length === 1 && names[0] === kind) {
      logger.warn({ key }, `${found}; ranking features of it are all the same`);
      continue;
    }
    throw new UserError(`Cannot compute ranking features: ${found}`);
  }
}
