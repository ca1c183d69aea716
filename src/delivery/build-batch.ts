/** Encoded requests as a batch, such as src/dataset/batch-builder.ts builds of prepared ones. */
import type { Batch, BatchItems, BatchSamples, FieldSlots, MultiValuedSlots } from '../dataset/batch.js';
import { Distinct } from '../dataset/distinct.js';
import { propertyIndex, propertyStrides } from '../features/property-code.js';
import { type FieldShape, fieldsOf, type ModelShape, type RowShape, readsItems } from '../model/shape.js';
import type { AskedRequest, EncodedRow } from './encoded.js';

/** Numbers things in the order in which they are first met. */
class Slots<T> {
  readonly #slots = new Map<T, number>();
  readonly values: T[] = [];

  slot(value: T): number {
    const known = this.#slots.get(value);
    if (known !== undefined) return known;
    this.#slots.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}

type Tables = ReadonlyMap<string, Distinct>;

/** Of each shape those of its tables: 4 bytes for each row, taken once. */
const KNOWN_TABLES = new WeakMap<ModelShape, Tables>();

/** Empty, until they are asked for again. */
function tablesOf(shape: ModelShape): Tables {
  const known = KNOWN_TABLES.get(shape);
  if (known) {
    for (const table of known.values()) table.clear();
    return known;
  }
  const tables = new Map(
    fieldsOf(shape).map(({ table, rows }) => [table, new Distinct(rows, `row of ${table}`)]),
  );
  KNOWN_TABLES.set(shape, tables);
  return tables;
}

/** Where there is no item at all, padding points at one without a value. */
const noItem = ({ fields, numbers }: RowShape): EncodedRow => ({
  fields: fields.map(({ pooling }) => (pooling ? [] : [0])),
  numbers: new Float32Array(numbers.length),
  isKnown: false,
});

/**
 * Of all tasks that the requests have samples of. `requests` of the batch count from 0. Of histories whose states are known the
 * items are left out where nothing else reads them, and all point at the first.
 */
export function buildBatch(
  shape: ModelShape,
  asked: readonly AskedRequest[],
  { statesKnown = false }: { readonly statesKnown?: boolean } = {},
): Batch {
  const size = asked.length;
  const tables = tablesOf(shape);
  const items = new Slots<EncodedRow>();
  const codes = new Slots<number>();
  const lengths = Int32Array.from(asked, ({ request }) => request.events.length);
  const steps = lengths.reduce((longest, length) => Math.max(longest, length), 1);
  const history = new Int32Array(steps * size);
  const property = new Int32Array(steps * size);
  for (const [row, { request }] of asked.entries()) {
    for (const [step, { item, code }] of request.events.entries()) {
      if (!statesKnown || readsItems(shape)) history[step * size + row] = items.slot(item);
      property[step * size + row] = codes.slot(code);
    }
  }
  const entities = new Map<string, Slots<EncodedRow>>();
  const candidatesOf = (judged: string | null) => {
    if (judged === null || judged === 'item') return judged === null ? null : items;
    const rows = entities.get(judged) ?? new Slots<EncodedRow>();
    entities.set(judged, rows);
    return rows;
  };
  const asking = new Set(asked.flatMap(({ tasks }) => Object.keys(tasks)));
  const tasks = Object.fromEntries(
    [...asking].map((task) => [task, samplesOf(asked, task, candidatesOf(shape.tasks[task]!.candidate))]),
  );
  if (items.values.length === 0) items.slot(noItem({ fields: shape.itemFields, numbers: shape.itemNumbers }));
  if (codes.values.length === 0) codes.slot(0);
  const strides = propertyStrides(shape.propertyFields);
  const words = asked.map(({ request }) => request.words);
  const batch = {
    requests: Int32Array.from(asked.keys()),
    steps,
    lengths,
    history,
    property,
    items: {
      numItems: items.values.length,
      itemRows: slotNumbers(items),
      ...rowsOf(shape.itemFields, items.values, tables),
    },
    properties: {
      numProperties: codes.values.length,
      codes: Int32Array.from(codes.values),
      fields: Object.fromEntries(
        shape.propertyFields.map(({ name, table, rows }, at) => [
          name,
          single(
            codes.values.map((code) => propertyIndex(code, { rows, stride: strides[at]! })),
            tables.get(table)!,
          ),
        ]),
      ),
    },
    users: Object.fromEntries(
      shape.userFields.map(({ name, table }, at) => [
        name,
        single(
          asked.map(({ request }) => request.users[at]!),
          tables.get(table)!,
        ),
      ]),
    ),
    query: shape.queryField && multiple(words, tables.get(shape.queryField.table)!),
    entities: Object.fromEntries(
      [...entities].map(([name, rows]) => [
        name,
        { entityRows: slotNumbers(rows), ...rowsOf(shape.entities[name]!.fields, rows.values, tables) },
      ]),
    ),
    tasks,
  };
  // Last: by now every field has pointed at its rows.
  return {
    ...batch,
    tables: Object.fromEntries([...tables].map(([name, table]) => [name, table.values()])),
  };
}

/** A batch that holds these items, in their order, and nothing else. */
export function batchOfItems(shape: ModelShape, items: readonly EncodedRow[]): Batch {
  const events = items.map((item) => ({ item, code: 0 }));
  const users = shape.userFields.map(() => 0);
  return buildBatch(shape, [{ request: { events, users, words: [] }, tasks: {} }]);
}

/** `candidates` numbers what is judged; null for a task that sees no candidate. */
function samplesOf(
  asked: readonly AskedRequest[],
  task: string,
  candidates: Slots<EncodedRow> | null,
): BatchSamples {
  const samples = asked.flatMap(({ tasks }) => tasks[task] ?? []);
  const requests = asked.flatMap(({ tasks }, row) => new Array<number>(tasks[task]?.length ?? 0).fill(row));
  return {
    request: Int32Array.from(requests),
    candidate: candidates
      ? Int32Array.from(samples, ({ candidate }) => candidates.slot(candidate!))
      : new Int32Array(0),
    features: Float32Array.from(samples.flatMap(({ features }) => features)),
    label: new Float32Array(samples.length),
    weight: new Float32Array(samples.length).fill(1),
    sample: Int32Array.from(samples.keys()),
  };
}

const slotNumbers = ({ values }: Slots<unknown>) => Int32Array.from(values.keys());

function rowsOf(
  fields: readonly FieldShape[],
  rows: readonly EncodedRow[],
  tables: Tables,
): Pick<BatchItems, 'fields' | 'numbers'> {
  const width = rows[0]?.numbers.length ?? 0;
  const numbers = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries()) numbers.set(row.numbers, at * width);
  return {
    fields: Object.fromEntries(
      fields.map(({ name, table, pooling }, at) => [
        name,
        pooling
          ? multiple(
              rows.map((row) => row.fields[at]!),
              tables.get(table)!,
            )
          : single(
              rows.map((row) => row.fields[at]![0]!),
              tables.get(table)!,
            ),
      ]),
    ),
    numbers,
  };
}

const single = (rows: readonly number[], table: Distinct): FieldSlots => ({
  slots: Int32Array.from(rows, (row) => table.slot(row)),
});

function multiple(lists: readonly ArrayLike<number>[], table: Distinct): MultiValuedSlots {
  const slots: number[] = [];
  const segments: number[] = [];
  for (const [entry, list] of lists.entries()) {
    for (let i = 0; i < list.length; i++) {
      slots.push(table.slot(list[i]!));
      segments.push(entry);
    }
  }
  return {
    slots: Int32Array.from(slots),
    segments: Int32Array.from(segments),
    counts: Int32Array.from(lists, ({ length }) => length),
  };
}
