/** The window of a user before a moment, with the rows that each behaviour reads and what these stand for. */
import { propertyIndex } from '../features/property-code.js';
import type { Names } from './names.js';
import type { PreparedData } from './prepared.js';
import { describer, indexesOf, type ShownValue } from './shown-value.js';
import { findEvents } from './user-streams.js';

/** A number of an item. */
export interface ShownNumber {
  /** As it was read; null where it is missing. */
  readonly value: number | null;
  /** What the model sees: normalised, 0 for a missing value. */
  readonly unit: number;
}

export interface ShownEvent {
  /** Seconds since 1970. */
  readonly time: number;
  /** From the event to the moment that the window ends at. */
  readonly ageSeconds: number;
  readonly itemId: string;
  /** Row of the item table. */
  readonly itemRow: number;
  /** Item field -> its value; of a multi-valued field any number of them. */
  readonly item: Readonly<Record<string, readonly ShownValue[]>>;
  /** The numbers of the item. */
  readonly numbers: Readonly<Record<string, ShownNumber>>;
  readonly propertyCode: number;
  readonly properties: Readonly<Record<string, ShownValue>>;
}

/** The latest `maxEvents` of a user's first `end` events, oldest first; ages are to `at`, in seconds since 1970. */
export async function showWindow(
  prepared: PreparedData,
  names: Names,
  user: number,
  end: number,
  maxEvents: number,
  at: number,
): Promise<ShownEvent[]> {
  const pieces = findEvents(prepared.segments, user, Math.max(0, end - maxEvents), end);
  const events = pieces.flatMap(({ segment, start, end }) => {
    const codes = segment.properties.read(start, end);
    const times = segment.times.read(start, end);
    return Array.from(segment.items.read(start, end), (itemRow, i) => ({
      itemRow,
      propertyCode: codes[i]!,
      time: times[i]!,
    }));
  });
  const itemIds = await names.itemIds(events.map(({ itemRow }) => itemRow));
  const itemColumns = new Map<string, ShownValue[][]>();
  for (const arrays of prepared.items) {
    const lists = events.map(({ itemRow }) => indexesOf(arrays, itemRow));
    const show = await describer(names, 'item', arrays.field, lists.flat());
    itemColumns.set(
      arrays.field.name,
      lists.map((list) => list.map(show)),
    );
  }
  const numberColumns = await showNumbers(
    prepared,
    names,
    events.map(({ itemRow }) => itemRow),
  );
  const propertyColumns = new Map<string, ShownValue[]>();
  for (const field of prepared.manifest.fields.properties) {
    const indexes = events.map(({ propertyCode }) => propertyIndex(propertyCode, field));
    propertyColumns.set(field.name, indexes.map(await describer(names, 'properties', field, indexes)));
  }
  return events.map(({ itemRow, propertyCode, time }, i) => ({
    time,
    ageSeconds: at - time,
    itemId: itemIds.get(itemRow) ?? '',
    itemRow,
    item: rowOf(itemColumns, i),
    numbers: rowOf(numberColumns, i),
    propertyCode,
    properties: rowOf(propertyColumns, i),
  }));
}

/** Number -> its values over these item rows. */
async function showNumbers(
  { manifest, itemNumbers }: PreparedData,
  names: Names,
  itemRows: readonly number[],
): Promise<ReadonlyMap<string, ShownNumber[]>> {
  const { itemNumbers: numbers } = manifest.fields;
  const columns = new Map<string, ShownNumber[]>();
  for (const [at, { name }] of numbers.entries()) {
    const values = await names.itemNumbers(name, itemRows);
    const shown = itemRows.map((row) => ({
      value: values.get(row) ?? null,
      unit: itemNumbers!.at(row * numbers.length + at),
    }));
    columns.set(name, shown);
  }
  return columns;
}

function rowOf<T>(columns: ReadonlyMap<string, readonly T[]>, row: number): Record<string, T> {
  return Object.fromEntries([...columns].map(([name, column]) => [name, column[row]!]));
}
