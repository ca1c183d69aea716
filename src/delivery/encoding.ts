/** What tells how values are encoded: the part of the manifest of prepared data that a bundle keeps. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Manifest, preparedPaths } from '../common/prepared.js';
import { parquetSql, rowsOfQuery } from './database.js';
import type { Vocabulary } from './field-encoder.js';

export type EncodingManifest = Pick<Manifest, 'fields' | 'entities' | 'items'>;

/** Folder and name of each vocabulary of its own. */
export function vocabulariesOf({
  fields,
  entities,
}: EncodingManifest): readonly (readonly [group: string, field: string])[] {
  const of = (group: string, list: readonly { readonly name: string }[]) =>
    list.map(({ name }) => [group, name] as const);
  return [
    ...of('item', fields.item),
    ...of('properties', fields.properties),
    ...of('user', fields.user),
    ...of('query', fields.query ? [fields.query] : []),
    ...Object.entries(entities).flatMap(([entity, { fields }]) =>
      of(
        entity,
        fields.filter(({ shares }) => shares === undefined),
      ),
    ),
  ];
}

/** `<group>/<field>` -> its vocabulary. All of it is held in memory. */
export async function loadVocabularies(
  connection: DuckDBConnection,
  folder: string,
  manifest: EncodingManifest,
): Promise<ReadonlyMap<string, Vocabulary>> {
  const vocabularies = new Map<string, Vocabulary>();
  for (const [group, field] of vocabulariesOf(manifest)) {
    const known = new Map<string, number>();
    const sql = `SELECT value, "index"::INTEGER FROM ${parquetSql(join(folder, preparedPaths.vocabulary(group, field)))}
      WHERE "index" IS NOT NULL ORDER BY "index"`;
    for await (const rows of rowsOfQuery<[string, number]>(connection, sql)) {
      for (const [value, index] of rows) known.set(value, index);
    }
    vocabularies.set(`${group}/${field}`, known);
  }
  return vocabularies;
}
