/** Vocabularies and the item table of the prepared folder, and what the manifest says of each field. */
import { createHash } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf } from '../common/database.js';
import { type FieldManifest, type PropertyFieldManifest, preparedPaths } from '../common/prepared.js';
import { quoteIdentifier } from '../common/sql.js';
import type { Config } from '../config/schema.js';
import type { Encoding } from './carried.js';
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
  encoding: Encoding,
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
  const rows = 1 + buckets + known;
  const earlier = earlierStates(encoding.field(group, at), rows);
  return {
    name,
    rows,
    buckets,
    values,
    multiValued,
    vocabularyHash: hash.digest('hex'),
    ...(earlier.length > 0 && { earlier }),
  };
}

/** What the vocabulary was at each preparation that it has grown since, the oldest first. */
function earlierStates(
  before: FieldManifest | undefined,
  rows: number,
): readonly { readonly rows: number; readonly vocabularyHash: string }[] {
  if (!before) return [];
  const { rows: rowsBefore, vocabularyHash, earlier = [] } = before;
  return rows > rowsBefore ? [...earlier, { rows: rowsBefore, vocabularyHash }] : earlier;
}

export async function writeItems(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  items: number,
  encoding: Encoding,
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
      await writeField(
        connection,
        folder,
        { group: 'item', path: 'item' },
        at,
        { name, buckets, multiValued },
        encoding,
      ),
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
  encoding: Encoding,
): Promise<PropertyFieldManifest[]> {
  const fields: PropertyFieldManifest[] = [];
  for (const [at, [name, { buckets }]] of Object.entries(config.features.properties).entries()) {
    const place = { group: 'property', path: 'properties' } as const;
    const own = { name, buckets, multiValued: false };
    const field = await writeField(connection, folder, place, at, own, encoding);
    fields.push({ ...field, stride: strides[at]! });
  }
  return fields;
}

export async function writeUserFields(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  encoding: Encoding,
): Promise<FieldManifest[]> {
  const fields: FieldManifest[] = [];
  for (const [at, [name, { buckets }]] of Object.entries(config.features.user).entries()) {
    const own = { name, buckets, multiValued: false };
    fields.push(await writeField(connection, folder, { group: 'user', path: 'user' }, at, own, encoding));
  }
  return fields;
}
