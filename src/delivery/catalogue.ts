/** The known items, or rows of an entity: by id, and as the model reads them. All ids and numbers are held in memory. */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { preparedPaths } from '../common/prepared.js';
import { quoteIdentifier } from '../common/sql.js';
import { RawArray } from '../dataset/raw-array.js';
import { loadNumbers, type RowNumbers } from '../dataset/row-numbers.js';
import { parquetSql, rowsOfQuery } from './database.js';
import type { EncodedRow } from './encoded.js';
import type { EncodingManifest } from './encoding.js';
import { type ItemStates, noStates } from './item-states.js';

/** Encoded rows that are kept: those of the items that come up again and again. */
const KEPT_ROWS = 1 << 17;

export interface Catalogue {
  /** The row of an id as of a moment (seconds since 1970); undefined for one that is not known. */
  rowOf(id: string, atSeconds: number): number | undefined;
  /** What the model reads of a row. */
  encoded(row: number): EncodedRow;
  /** Whether the encoded rows of all are kept: then who holds one holds no memory of its own. */
  readonly keepsAll: boolean;
  /** Each id, with its latest row. */
  latest(): Iterable<readonly [id: string, row: number]>;
}

interface FieldSource {
  readonly values: Int32Array;
  readonly offsets: Int32Array | null;
}

/** `idField` is the place of the field that is the id, -1 where none is, `idRows` the rows of its table that are no values. */
function catalogueOf(
  rows: ReadonlyMap<string, number>,
  states: ItemStates,
  fields: readonly FieldSource[],
  numbers: RowNumbers,
  { idField, idRows }: { readonly idField: number; readonly idRows: number },
): Catalogue {
  const kept = new Map<number, EncodedRow>();
  const { width, values: allNumbers } = numbers;
  const encode = (row: number): EncodedRow => {
    const encoded = fields.map(({ values, offsets }) =>
      offsets ? [...values.subarray(offsets[row]!, offsets[row + 1]!)] : [values[row]!],
    );
    return {
      fields: encoded,
      numbers: width === 0 ? allNumbers : allNumbers.slice(row * width, (row + 1) * width),
      isKnown: idField < 0 || encoded[idField]![0]! >= idRows,
    };
  };
  return {
    keepsAll: fields.every(
      ({ values, offsets }) => (offsets ? offsets.length - 1 : values.length) <= KEPT_ROWS,
    ),
    rowOf: (id, atSeconds) => states.rowAt(id, atSeconds) ?? rows.get(id),
    encoded(row) {
      let found = kept.get(row);
      if (!found) {
        found = encode(row);
        if (kept.size >= KEPT_ROWS) kept.clear();
        kept.set(row, found);
      }
      return found;
    },
    *latest() {
      for (const [id, row] of rows) yield [id, states.rowAt(id, Number.POSITIVE_INFINITY) ?? row];
    },
  };
}

/** Id -> its first row. */
async function readIds(
  connection: DuckDBConnection,
  path: string,
  column: string,
): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  const sql = `SELECT ${quoteIdentifier(column)}, "row"::INTEGER FROM ${parquetSql(path)} ORDER BY "row"`;
  for await (const rows of rowsOfQuery<[string, number]>(connection, sql)) {
    for (const [id, row] of rows) if (!ids.has(id)) ids.set(id, row);
  }
  return ids;
}

function loadArray<E extends 'i32' | 'f32'>(path: string, type: E) {
  const array = new RawArray(path, type);
  try {
    return array.load();
  } finally {
    array.close();
  }
}

export interface Catalogues {
  readonly items: Catalogue;
  readonly entities: Readonly<Record<string, Catalogue>>;
}

/** Of a bundle or of prepared data, which lay them out alike. */
export async function loadCatalogues(
  connection: DuckDBConnection,
  folder: string,
  { fields, entities }: EncodingManifest,
  states: ItemStates,
): Promise<Catalogues> {
  const source = (values: string, offsets: string | null): FieldSource => ({
    values: loadArray(join(folder, values), 'i32') as Int32Array,
    offsets: offsets === null ? null : (loadArray(join(folder, offsets), 'i32') as Int32Array),
  });
  const numbersIn = (path: string, width: number): RowNumbers =>
    width === 0
      ? loadNumbers(null, 0)
      : { width, values: loadArray(join(folder, path), 'f32') as Float32Array };
  const idOf = (list: readonly { readonly name: string; readonly buckets: number }[], name: string) => {
    const idField = list.findIndex((field) => field.name === name);
    return { idField, idRows: 1 + (list[idField]?.buckets ?? 0) };
  };
  const found: Record<string, Catalogue> = {};
  for (const [entity, manifest] of Object.entries(entities)) {
    found[entity] = catalogueOf(
      await readIds(connection, join(folder, preparedPaths.entities(entity)), entity),
      noStates,
      manifest.fields.map(({ name, multiValued }) =>
        source(
          preparedPaths.entityField(entity, name),
          multiValued ? preparedPaths.entityFieldOffsets(entity, name) : null,
        ),
      ),
      numbersIn(preparedPaths.entityNumbers(entity), manifest.numbers.length),
      idOf(manifest.fields, entity),
    );
  }
  return {
    items: catalogueOf(
      await readIds(connection, join(folder, preparedPaths.items), 'item_id'),
      states,
      fields.item.map(({ name, multiValued }) =>
        source(preparedPaths.itemField(name), multiValued ? preparedPaths.itemFieldOffsets(name) : null),
      ),
      numbersIn(preparedPaths.itemNumbers, fields.itemNumbers.length),
      idOf(fields.item, 'item'),
    ),
    entities: found,
  };
}
