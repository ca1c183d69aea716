/** The texts behind the numbers of a world. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { preparedPaths } from '../../src/common/prepared.js';
import type { World } from './prepared-world.js';

/**
 * The Parquet files: user 12 is `u12`, item row 7 is `item-7`, index 5 of brand is `brand-5`,
 * row 3 of the shops `shop-3`.
 */
export async function writeNames(folder: string, world: World): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const write = async (path: string, query: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await connection.run(`COPY (${query}) TO '${join(folder, path)}' (FORMAT parquet)`);
  };
  const users = world.segments.at(-1)!.length;
  await write(preparedPaths.users, `SELECT i::INTEGER "user", 'u' || i user_id FROM range(${users}) t(i)`);
  const items = world.items.item!.length;
  await write(
    preparedPaths.items,
    `SELECT i::INTEGER "row", 'item-' || i item_id, 0.5 * i price, CASE WHEN i % 3 > 0 THEN i END::DOUBLE rating
     FROM range(${items}) t(i)`,
  );
  for (const group of ['item', 'properties', 'user', 'query'] as const) {
    for (const { name, rows, buckets } of [world.fields[group] ?? []].flat()) {
      await write(
        preparedPaths.vocabulary(group, name),
        `SELECT '${name}-' || i "value", 1 "count", i::INTEGER "index" FROM range(${1 + buckets}, ${rows}) t(i)
         UNION ALL SELECT 'rare', 1, NULL`,
      );
    }
  }
  for (const [entity, fields] of Object.entries(world.entities)) {
    const rows = Object.values(fields)[0]!.length;
    await write(
      preparedPaths.entities(entity),
      `SELECT i::INTEGER "row", '${entity}-' || i "${entity}" FROM range(${rows}) t(i)`,
    );
  }
  connection.closeSync();
}
