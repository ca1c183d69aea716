/**
 * Builds a batch from request indexes: the window of each request, its samples, and for each field the distinct
 * table rows that these read.
 */

import { mapValues } from '../common/map-values.js';
import { tableName } from '../common/table-name.js';
import { propertyIndex } from '../features/property-code.js';
import type { Batch, BatchItems, FieldSlots, MultiValuedSlots } from './batch.js';
import { queryWords, readSamples, readWindows } from './batch-reads.js';
import { Distinct } from './distinct.js';
import type { PreparedData } from './prepared.js';
import { loadNumbers, numbersOf } from './row-numbers.js';
import type { DrawnRequests } from './sample-limit.js';

/** Property codes have 16 bits. */
const PROPERTY_CODES = 65_536;

/** A field of items or of an entity, in memory; `distinct` is of its table. */
interface LoadedField {
  readonly name: string;
  readonly values: Int32Array;
  readonly offsets: Int32Array | undefined;
  readonly distinct: Distinct;
}

export interface BatchBuilder {
  /**
   * The batch of these requests (indexes in the prepared data), in their order, each with its latest `maxEvents`
   * events and all of its samples of `tasks`, but for one of which `only` these requests are read. The arrays are the caller's.
   */
  build(
    requests: Int32Array,
    tasks: readonly string[],
    maxEvents: number,
    only?: { readonly task: string; readonly requests: DrawnRequests },
  ): Batch;
}

/** Takes 4 bytes of memory for each item and for each row of a vocabulary, and loads the fields and numbers of items. */
export function createBatchBuilder(prepared: PreparedData): BatchBuilder {
  const { manifest, segments } = prepared;
  const items = new Distinct(manifest.items, 'item row');
  const codes = new Distinct(PROPERTY_CODES, 'property code');
  const tables = new Map<string, Distinct>();
  const tableOf = (group: string, { name, rows }: { readonly name: string; readonly rows: number }) => {
    const table = tableName(group, name);
    const distinct = new Distinct(rows, `index of ${group} field ${name}`);
    tables.set(table, distinct);
    return distinct;
  };
  const itemFields = prepared.items.map(({ field, values, offsets }) => ({
    name: field.name,
    values: values.load(),
    offsets: offsets?.load(),
    distinct: tableOf('item', field),
  }));
  const itemNumbers = loadNumbers(prepared.itemNumbers, manifest.fields.itemNumbers.length);
  const propertyFields = manifest.fields.properties.map((field) => ({
    ...field,
    distinct: tableOf('property', field),
  }));
  const userFields = manifest.fields.user.map((field) => ({
    name: field.name,
    values: prepared.requests.fields[field.name]!,
    distinct: tableOf('user', field),
  }));

  const words = manifest.fields.query && tableOf('query', manifest.fields.query);
  const entities = mapValues(prepared.entities, (fields, entity) => ({
    distinct: new Distinct(manifest.entities[entity]!.rows, `row of ${entity}`),
    fields: fields.map(({ field, values, offsets }) => ({
      name: field.name,
      values: values.load(),
      offsets: offsets?.load(),
      distinct:
        field.shares === undefined ? tableOf(entity, field) : tables.get(tableName('item', field.shares))!,
    })),
    numbers: loadNumbers(prepared.entityNumbers[entity]!, manifest.entities[entity]!.numbers.length),
  }));
  /** What the samples of a task point at; null for a task whose tower sees no candidate. */
  const candidatesOf = (task: string) => {
    const { kind, candidate } = manifest.tasks[task]!;
    if (kind !== 'binary') return null;
    return candidate === 'item' ? items : entities[candidate!]!.distinct;
  };

  return {
    build(requests, tasks, maxEvents, only) {
      for (const { distinct } of Object.values(entities)) distinct.clear();
      items.clear();
      codes.clear();
      for (const distinct of tables.values()) distinct.clear();
      const windows = readWindows(segments, prepared.requests, requests, maxEvents, items, codes);
      const samples = tasks.map((task) => [
        task,
        readSamples(
          prepared.tasks[task]!,
          requests,
          candidatesOf(task),
          manifest.tasks[task]!.features.length,
          only?.task === task ? only.requests : null,
        ),
      ]);
      const judged = new Set(tasks.map(candidatesOf));
      // Padding points at slot 0, so there must be one even where no request has an event or a candidate.
      if (items.size === 0) items.slot(0);
      if (codes.size === 0) codes.slot(0);
      const itemRows = items.values();
      const propertyCodes = codes.values();
      const slots = {
        items: {
          numItems: itemRows.length,
          itemRows,
          fields: fieldsOf(itemFields, itemRows),
          numbers: numbersOf(itemNumbers, itemRows),
        },
        entities: Object.fromEntries(
          Object.entries(entities)
            .filter(([, { distinct }]) => judged.has(distinct))
            .map(([entity, { distinct, fields, numbers }]) => {
              const entityRows = distinct.values();
              const read = { fields: fieldsOf(fields, entityRows), numbers: numbersOf(numbers, entityRows) };
              return [entity, { entityRows, ...read }];
            }),
        ),
        properties: {
          numProperties: propertyCodes.length,
          codes: propertyCodes,
          fields: Object.fromEntries(
            propertyFields.map(({ distinct, ...field }) => [
              field.name,
              fieldSlots(
                propertyCodes.length,
                (slot) => propertyIndex(propertyCodes[slot]!, field),
                distinct,
              ),
            ]),
          ),
        },
        query: words && queryWords(prepared.requests.query!, requests, words),
        users: Object.fromEntries(
          userFields.map(({ name, values, distinct }) => [
            name,
            fieldSlots(requests.length, (row) => values.at(requests[row]!), distinct),
          ]),
        ),
      };
      return {
        requests: requests.slice(),
        ...windows,
        // Last: by now every field has pointed at its rows.
        tables: Object.fromEntries([...tables].map(([name, distinct]) => [name, distinct.values()])),
        ...slots,
        tasks: Object.fromEntries(samples),
      };
    },
  };
}

/** The fields of items or of an entity, for these rows. */
function fieldsOf(fields: readonly LoadedField[], rows: Int32Array): BatchItems['fields'] {
  return Object.fromEntries(
    fields.map(({ name, values, offsets, distinct }) => [
      name,
      offsets
        ? multiValuedSlots(rows, values, offsets, distinct)
        : fieldSlots(rows.length, (slot) => values[rows[slot]!]!, distinct),
    ]),
  );
}

/** A single-valued field over `entries` entries; `rows` are those of its table. */
function fieldSlots(entries: number, valueAt: (entry: number) => number, rows: Distinct): FieldSlots {
  const slots = new Int32Array(entries);
  for (let entry = 0; entry < entries; entry++) slots[entry] = rows.slot(valueAt(entry));
  return { slots };
}

/** The same of a multi-valued field, over the values of all rows. */
function multiValuedSlots(
  entryRows: Int32Array,
  values: Int32Array,
  offsets: Int32Array,
  rows: Distinct,
): MultiValuedSlots {
  const counts = entryRows.map((row) => offsets[row + 1]! - offsets[row]!);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const slots = new Int32Array(total);
  const segments = new Int32Array(total);
  let at = 0;
  for (let slot = 0; slot < entryRows.length; slot++) {
    const start = offsets[entryRows[slot]!]!;
    for (let i = 0; i < counts[slot]!; i++, at++) {
      slots[at] = rows.slot(values[start + i]!);
      segments[at] = slot;
    }
  }
  return { slots, segments, counts };
}
