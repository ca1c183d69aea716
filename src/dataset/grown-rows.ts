/** The rows that a vocabulary has gained since a model was trained, and where their values stood before. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type FieldManifest, type Manifest, preparedPaths } from '../common/prepared.js';
import { escapeGlob, quoteLiteral } from '../common/sql.js';
import { tableName } from '../common/table-name.js';
import { fieldIndexSql } from '../features/field-index.js';

interface TableField {
  /** Of its vocabulary's path. */
  readonly group: string;
  readonly field: FieldManifest;
}

/** The field whose vocabulary the rows of an embedding table stand for. */
function fieldOfTable(
  { fields, entities }: Pick<Manifest, 'fields' | 'entities'>,
  table: string,
): TableField {
  const all = [
    ...fields.item.map((field) => [tableName('item', field.name), { group: 'item', field }] as const),
    ...fields.properties.map(
      (field) => [tableName('property', field.name), { group: 'properties', field }] as const,
    ),
    ...fields.user.map((field) => [tableName('user', field.name), { group: 'user', field }] as const),
    ...(fields.query
      ? [[tableName('query', fields.query.name), { group: 'query', field: fields.query }] as const]
      : []),
    ...Object.entries(entities).flatMap(([group, entity]) =>
      entity.fields
        .filter(({ shares }) => shares === undefined)
        .map((field) => [tableName(group, field.name), { group, field }] as const),
    ),
  ];
  const found = all.find(([name]) => name === table);
  if (!found) throw new Error(`the prepared data has no vocabulary of the table \`${table}\``);
  return found[1];
}

/** What the vocabulary of an embedding table was before it grew, oldest first. */
export const earlierVocabularies = (
  manifest: Pick<Manifest, 'fields' | 'entities'>,
  table: string,
): readonly { readonly rows: number; readonly vocabularyHash: string }[] =>
  fieldOfTable(manifest, table).field.earlier ?? [];

/** The out-of-vocabulary row of each value from row `firstRow` of an embedding table on, [rows - firstRow]. */
export async function bucketsOfNewRows(
  folder: string,
  manifest: Pick<Manifest, 'fields' | 'entities'>,
  table: string,
  firstRow: number,
): Promise<Int32Array> {
  const { group, field } = fieldOfTable(manifest, table);
  const path = join(folder, preparedPaths.vocabulary(group, field.name));
  const bucket = fieldIndexSql(quoteLiteral(field.name), 'value', 'NULL', field.buckets);
  const buckets = new Int32Array(field.rows - firstRow);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const result = await connection.stream(
      `SELECT "index"::INTEGER, ${bucket} FROM read_parquet($1) WHERE "index" >= ${firstRow}`,
      [escapeGlob(path)],
    );
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      for (const [index, row] of chunk.getRows() as [number, number][]) buckets[index - firstRow] = row;
    }
    return buckets;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
