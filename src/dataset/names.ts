/** The text behind the numbers of a prepared folder, looked up in its Parquet files. */
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { preparedPaths } from '../common/prepared.js';
import { quoteIdentifier } from '../common/sql.js';

export interface Names {
  userIndex(userId: string): Promise<number | undefined>;
  /** User index -> user id. */
  userIds(users: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** Item row -> item id. */
  itemIds(rows: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** Row of an entity -> its id. */
  entityIds(entity: string, rows: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** Item row -> value of one of the numbers of items as it was read; null where it is missing. */
  itemNumbers(name: string, rows: readonly number[]): Promise<ReadonlyMap<number, number | null>>;
  /** Vocabulary index -> value, of those that are values; `group` is item, properties, user, query or an entity. */
  values(group: string, field: string, indexes: readonly number[]): Promise<ReadonlyMap<number, string>>;
  close(): void;
}

export async function openNames(folder: string): Promise<Names> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();

  async function query(sql: string, parameters: DuckDBValue[]): Promise<DuckDBValue[][]> {
    const reader = await connection.runAndReadAll(sql, parameters);
    return reader.getRows();
  }

  /** Rows of a file with an integer key among `keys`: key and another column. */
  async function rowsOf(path: string, key: string, column: string, keys: readonly number[]) {
    if (keys.length === 0) return [];
    const rows = await query(
      `SELECT ${key}::INTEGER, ${column} FROM read_parquet($1) WHERE ${key} IN (${[...new Set(keys)].join(', ')})`,
      [join(folder, path)],
    );
    return rows.map(([key, value]) => [Number(key), value!] as const);
  }

  /** Key -> text. */
  async function lookUp(path: string, key: string, text: string, keys: readonly number[]) {
    const rows = await rowsOf(path, key, `${text}::VARCHAR`, keys);
    return new Map(rows.map(([key, text]) => [key, String(text)]));
  }

  return {
    async userIndex(userId) {
      const rows = await query('SELECT "user"::INTEGER FROM read_parquet($1) WHERE user_id::VARCHAR = $2', [
        join(folder, preparedPaths.users),
        userId,
      ]);
      return rows[0] && Number(rows[0][0]);
    },
    userIds: (users) => lookUp(preparedPaths.users, '"user"', 'user_id', users),
    entityIds: (entity, rows) =>
      lookUp(preparedPaths.entities(entity), '"row"', quoteIdentifier(entity), rows),
    itemIds: (rows) => lookUp(preparedPaths.items, '"row"', 'item_id', rows),
    async itemNumbers(name, rows) {
      const found = await rowsOf(preparedPaths.items, '"row"', `${quoteIdentifier(name)}::DOUBLE`, rows);
      return new Map(found.map(([row, value]) => [row, value === null ? null : Number(value)]));
    },
    values: (group, field, indexes) =>
      lookUp(preparedPaths.vocabulary(group, field), '"index"', 'value', indexes),
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
