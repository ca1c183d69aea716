/** Vocabularies and the item table of the prepared folder, and what the manifest says of each field. */
import { createHash } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf } from '../common/database.js';
import { type FieldManifest, type PropertyFieldManifest, preparedPaths } from '../common/prepared.js';
import { quoteIdentifier } from '../common/sql.js';
import type { Config } from '../config/schema.js';
import { attributesOf } from './items.js';
import { rawNumbers } from './numbers.js';
import { type RawColumn, writeOffsets, writeParquet, writeRawFiles } from './raw-files.js';
import { type FieldGroup, vocabularyTable } from './vocabulary.js';

/** Writes a vocabulary's file to the folder `path` of the vocabularies, and describes the field. */
export async function writeField(
  connection: DuckDBConnection,
  folder: string,
  { group, path }: { readonly group: FieldGroup; readonly path: string },
  at: number,
  { name, buckets, multiValued }: Pick<FieldManifest, 'name' | 'buckets' | 'multiValued'>,
): Promise<FieldManifest> {
  const table = vocabularyTable(group, at);
  const ordered = `SELECT value, count, idx AS index FROM ${table} ORDER BY count DESC, value`;
  await writeParquet(connection, folder, preparedPaths.vocabulary(path, name), ordered);
  const hash = createHash('sha256');
  let known = 0;
  const result = await connection.stream(`SELECT value FROM ${table} WHERE idx IS NOT NULL ORDER BY idx`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    for (const [value] of chunk.getRows() as [string][]) {
      hash.update(`${Buffer.byteLength(value)}:${value}`);
      known++;
    }
  }
  const values = await numberOf(connection, `SELECT count(*) FROM ${table}`);
  return {
    name,
    rows: 1 + buckets + known,
    buckets,
    values,
    multiValued,
    vocabularyHash: hash.digest('hex'),
  };
}

export async function writeItems(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  items: number,
): Promise<FieldManifest[]> {
  const attributes = attributesOf(config).map(({ name, at }) => `a${at} AS ${quoteIdentifier(name)}`);
  const columns = ['item AS row', 'item_id', ...attributes, ...rawNumbers(config.features.itemNumbers)].join(
    ', ',
  );
  await writeParquet(
    connection,
    folder,
    preparedPaths.items,
    `SELECT ${columns} FROM item_rows ORDER BY item`,
  );
  const fields: FieldManifest[] = [];
  for (const [at, [name, { buckets, separator }]] of Object.entries(config.features.item).entries()) {
    const multiValued = separator !== undefined;
    fields.push(
      await writeField(connection, folder, { group: 'item', path: 'item' }, at, {
        name,
        buckets,
        multiValued,
      }),
    );
    const values: RawColumn[] = [{ path: preparedPaths.itemField(name), sql: 'idx' }];
    await writeRawFiles(connection, folder, values, `FROM item_values_${at} ORDER BY item, place`);
    if (multiValued) {
      const counts = `SELECT item, count(*) FROM item_values_${at} GROUP BY item`;
      await writeOffsets(connection, folder, preparedPaths.itemFieldOffsets(name), items, counts);
    }
  }
  return fields;
}

/** Strides and manifests of the property fields. */
export async function writePropertyFields(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  strides: readonly number[],
): Promise<PropertyFieldManifest[]> {
  const fields: PropertyFieldManifest[] = [];
  for (const [at, [name, { buckets }]] of Object.entries(config.features.properties).entries()) {
    const field = await writeField(connection, folder, { group: 'property', path: 'properties' }, at, {
      name,
      buckets,
      multiValued: false,
    });
    fields.push({ ...field, stride: strides[at]! });
  }
  return fields;
}

export async function writeUserFields(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
): Promise<FieldManifest[]> {
  const fields: FieldManifest[] = [];
  for (const [at, [name, { buckets }]] of Object.entries(config.features.user).entries()) {
    fields.push(
      await writeField(connection, folder, { group: 'user', path: 'user' }, at, {
        name,
        buckets,
        multiValued: false,
      }),
    );
  }
  return fields;
}
