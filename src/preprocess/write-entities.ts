/** The rows of the entities in the prepared folder, and what the manifest says of their fields and numbers. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { numberOf } from '../common/database.js';
import { type EntityManifest, type FieldManifest, preparedPaths } from '../common/prepared.js';
import { quoteIdentifier } from '../common/sql.js';
import type { Config } from '../config/schema.js';
import type { Encoding } from './carried.js';
import { entityTable, entityValues } from './entities.js';
import { rawNumbers, writeEntityNumbers } from './numbers.js';
import { writeOffsets, writeParquet, writeRawFiles } from './raw-files.js';
import { writeField } from './write-fields.js';

/** `items` are the item fields as written: what shared fields point at. */
export async function writeEntities(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  items: readonly FieldManifest[],
  encoding: Encoding,
): Promise<Record<string, EntityManifest>> {
  const entities: Record<string, EntityManifest> = {};
  for (const [number, [name, { fields, numbers }]] of Object.entries(config.entities).entries()) {
    const table = entityTable(number);
    const rows = await numberOf(connection, `SELECT count(*) FROM ${table}`);
    const attributes = Object.keys(fields).flatMap((field, at) =>
      field === name ? [] : [`f${at} AS ${quoteIdentifier(field)}`],
    );
    const columns = ['"row"', `id AS ${quoteIdentifier(name)}`, ...attributes, ...rawNumbers(numbers)].join(
      ', ',
    );
    const ordered = `SELECT ${columns} FROM ${table} ORDER BY "row"`;
    await writeParquet(connection, folder, preparedPaths.entities(name), ordered);
    const written: EntityManifest['fields'][number][] = [];
    for (const [at, [field, { shares, buckets, separator }]] of Object.entries(fields).entries()) {
      const multiValued = separator !== undefined;
      if (shares === undefined) {
        const own = { name: field, buckets, multiValued };
        written.push(
          await writeField(connection, folder, { group: `entity_${number}`, path: name }, at, own, encoding),
        );
      } else {
        const shared = items.find((item) => item.name === shares)!;
        written.push({ ...shared, name: field, multiValued, shares });
      }
      const values = entityValues(number, at);
      await writeRawFiles(
        connection,
        folder,
        [{ path: preparedPaths.entityField(name, field), sql: 'idx' }],
        `FROM ${values} ORDER BY "row", place`,
      );
      if (multiValued) {
        const counts = `SELECT "row", count(*) FROM ${values} GROUP BY "row"`;
        await writeOffsets(connection, folder, preparedPaths.entityFieldOffsets(name, field), rows, counts);
      }
    }
    entities[name] = {
      rows,
      fields: written,
      numbers: await writeEntityNumbers(connection, folder, config, { name, at: number }, encoding),
    };
  }
  return entities;
}
