/** The numbers of items and of entities: one unit each, normalised by the rows that are known before the evaluation period. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { type NumberManifest, preparedPaths } from '../common/prepared.js';
import { quoteIdentifier } from '../common/sql.js';
import type { Config, NumberField } from '../config/schema.js';
import type { Encoding } from './carried.js';
import { entityTable, tasksJudging } from './entities.js';
import { normalise } from './normalise.js';
import { writeRawFiles } from './raw-files.js';

type Numbers = Readonly<Record<string, NumberField>>;

/** The columns x<k> of `item_rows` or of the rows of an entity under the names of the numbers, as they were read. */
export const rawNumbers = (numbers: Numbers): string[] =>
  Object.keys(numbers).map((name, at) => `x${at} AS ${quoteIdentifier(name)}`);

/** Known are the item rows of an event or a sample before the evaluation period. */
export function writeItemNumbers(
  connection: DuckDBConnection,
  folder: string,
  { features }: Config,
  encoding: Encoding,
): Promise<readonly NumberManifest[]> {
  return writeNumbers(connection, folder, features.itemNumbers, {
    path: preparedPaths.itemNumbers,
    rows: 'FROM item_rows ORDER BY item',
    known: 'FROM item_rows JOIN item_counts USING (item) WHERE events + samples > 0',
    carried: encoding.itemNumbers,
  });
}

/** Known are the rows that a training or a validation sample judges; `at` is the entity's place in the config. */
export function writeEntityNumbers(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  { name, at }: { readonly name: string; readonly at: number },
  encoding: Encoding,
): Promise<readonly NumberManifest[]> {
  const table = entityTable(at);
  const judged = `SELECT s.candidate FROM sample_rows s JOIN request_rows r USING (request)
    WHERE s.task IN (${tasksJudging(config, name)}) AND r.split < 2`;
  return writeNumbers(connection, folder, config.entities[name]!.numbers, {
    path: preparedPaths.entityNumbers(name),
    rows: `FROM ${table} ORDER BY "row"`,
    known: `FROM ${table} WHERE "row" IN (${judged})`,
    carried: encoding.entityNumbers(name),
  });
}

/** `rows` and `known` are FROM clauses over the columns x<k>, `carried` the units taken over. Without numbers there is no file. */
async function writeNumbers(
  connection: DuckDBConnection,
  folder: string,
  numbers: Numbers,
  {
    path,
    rows,
    known,
    carried,
  }: {
    readonly path: string;
    readonly rows: string;
    readonly known: string;
    readonly carried: readonly NumberManifest[];
  },
): Promise<readonly NumberManifest[]> {
  const columns = Object.entries(numbers).map(([name, { scale }], at) => ({
    name,
    // What has no logarithm is missing.
    sql: scale === 'log' ? `CASE WHEN x${at} > 0 THEN ln(x${at}) END` : `x${at}`,
  }));
  const { statistics, sql } = await normalise(connection, columns, known, carried);
  if (columns.length > 0) await writeRawFiles(connection, folder, [{ path, sql }], rows);
  return statistics;
}
