/** What a prepared folder says, in the ids and values of its tables instead of numbers of rows: to compare folders by. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Manifest, preparedPaths } from '../../src/common/prepared.js';
import { openPrepared, type PreparedData } from '../../src/dataset/prepared.js';
import { countEvents, findEvents } from '../../src/dataset/user-streams.js';

type Row = readonly (string | number | null)[];

export interface Facts {
  readonly manifest: Manifest;
  /** By number. */
  readonly users: readonly string[];
  /** By number: item id and the raw values of the item fields. */
  readonly items: readonly string[];
  /** `<group>/<field>` -> value -> its count and index (null below the threshold). */
  readonly vocabularies: Readonly<Record<string, ReadonlyMap<string, readonly [number, number | null]>>>;
  /** User id -> events: row of the item, seconds, values of the properties (the index of those without a value). */
  readonly streams: ReadonlyMap<string, readonly string[]>;
  /** Task -> samples: user, microseconds, how many events lie before, candidate, label, weight; sorted. */
  readonly samples: Readonly<Record<string, readonly string[]>>;
}

export async function readFacts(folder: string): Promise<Facts> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rowsOf = async (sql: string) => {
    const rows = (await connection.runAndReadAll(sql)).getRows();
    return rows.map((row) =>
      row.map((value) => (typeof value === 'bigint' ? Number(value) : value)),
    ) as Row[];
  };
  const file = (path: string) => `'${join(folder, path)}'`;
  const prepared = openPrepared(folder);
  try {
    const { manifest } = prepared;
    const names = manifest.fields.item.map(({ name }) => name).filter((name) => name !== 'item');
    const columns = ['item_id', ...names.map((name) => `"${name}"`)].join(', ');
    const items = await rowsOf(`SELECT ${columns} FROM ${file(preparedPaths.items)} ORDER BY row`);
    const users = await rowsOf(`SELECT user_id FROM ${file(preparedPaths.users)} ORDER BY "user"`);
    const vocabularies: Record<string, Map<string, readonly [number, number | null]>> = {};
    for (const [group, field] of fieldsOf(manifest)) {
      const rows = await rowsOf(
        `SELECT value, count, "index" FROM ${file(preparedPaths.vocabulary(group, field))}`,
      );
      vocabularies[`${group}/${field}`] = new Map(
        rows.map(([value, count, index]) => [value as string, [count as number, index as number | null]]),
      );
    }
    const samples: Record<string, string[]> = {};
    for (const [task, { candidate }] of Object.entries(manifest.tasks)) {
      const rows = await rowsOf(
        `SELECT r.user_id, epoch_us(r."time"), r."end", ${candidate === null ? "''" : 's.candidate'}, s.label, s.weight
         FROM ${file(preparedPaths.samples(task))} s JOIN ${file(preparedPaths.requests)} r USING (request)`,
      );
      samples[task] = rows.map((row) => row.join(' ')).sort();
    }
    const texts = items.map((row) => row.join(' '));
    const ids = users.map(([id]) => id as string);
    return {
      manifest,
      users: ids,
      items: texts,
      vocabularies,
      streams: streamsOf(prepared, ids, texts, vocabularies),
      samples,
    };
  } finally {
    prepared.close();
    connection.closeSync();
    instance.closeSync();
  }
}

function fieldsOf({ fields, entities }: Manifest): (readonly [string, string])[] {
  const own = Object.entries(entities).flatMap(([entity, described]) =>
    described.fields.flatMap(({ name, shares }) => (shares === undefined ? [[entity, name] as const] : [])),
  );
  return [
    ...fields.item.map(({ name }) => ['item', name] as const),
    ...fields.properties.map(({ name }) => ['properties', name] as const),
    ...fields.user.map(({ name }) => ['user', name] as const),
    ...(fields.query ? [['query', fields.query.name] as const] : []),
    ...own,
  ];
}

function streamsOf(
  { manifest, segments }: PreparedData,
  users: readonly string[],
  items: readonly string[],
  vocabularies: Facts['vocabularies'],
): Map<string, string[]> {
  const properties = manifest.fields.properties.map(({ name, rows, stride }) => {
    const values = new Map(
      [...vocabularies[`properties/${name}`]!].map(([value, [, index]]) => [index, value]),
    );
    return (code: number) => {
      const index = Math.floor(code / stride) % rows;
      return values.get(index) ?? `${index}`;
    };
  });
  return new Map(
    users.map((id, user) => {
      const events = findEvents(segments, user, 0, countEvents(segments, user)).flatMap(
        ({ segment, start, end }) => {
          const [item, code, time] = [segment.items, segment.properties, segment.times].map((array) =>
            array.read(start, end),
          );
          return Array.from(item!, (row, at) =>
            [items[row], time![at], ...properties.map((textOf) => textOf(code![at]!))].join(' '),
          );
        },
      );
      return [id, events] as const;
    }),
  );
}
