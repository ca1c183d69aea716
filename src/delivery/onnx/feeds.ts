/** A batch as the inputs of the ONNX graphs, by their names. */
import type { Batch, FieldSlots, MultiValuedSlots } from '../../dataset/batch.js';
import { candidateShape, type FieldShape, type ModelShape, type RowShape } from '../../model/shape.js';

/** An array of the type and the sizes that an input asks for. */
export interface Feed {
  readonly element: 'float' | 'int64';
  readonly dims: readonly number[];
  /** Row by row; whole numbers of any type of array. */
  readonly values: Int32Array | Float32Array;
}

export type Feeds = Readonly<Record<string, Feed>>;

const int64 = (values: Int32Array, ...dims: readonly number[]): Feed => ({ element: 'int64', dims, values });
const float = (values: Float32Array, ...dims: readonly number[]): Feed => ({
  element: 'float',
  dims,
  values,
});

/** Fills up lists of values that are shorter than the longest. */
const PADDING = -1;

/** What the encoder reads of a batch; some of it may be no input of a model that does not need it. */
export function encoderFeeds(shape: ModelShape, batch: Batch): Feeds {
  const { steps, lengths, items, properties, users, query } = batch;
  const size = lengths.length;
  const property = Object.fromEntries(
    shape.propertyFields.map(({ name, table }) => {
      const { slots } = properties.fields[name]!;
      const rows = batch.property.map((slot) => batch.tables[table]![slots[slot]!]!);
      return [`property.${name}`, int64(rows, steps, size)];
    }),
  );
  return {
    ...rowFeeds(
      { fields: shape.itemFields, numbers: shape.itemNumbers },
      'item',
      batch,
      items,
      items.numItems,
    ),
    history: int64(batch.history, steps, size),
    ...property,
    lengths: int64(lengths, size),
    ...fieldFeeds(shape.userFields, 'user', batch, users),
    ...(shape.queryField &&
      query &&
      fieldFeeds([shape.queryField], 'query', batch, { [shape.queryField.name]: query })),
  };
}

/** What the head of a task reads of it, beside the outputs of the encoder. */
export function headFeeds(shape: ModelShape, task: string, batch: Batch): Feeds {
  const { request, candidate, features } = batch.tasks[task]!;
  const { candidate: judged, features: ranking } = shape.tasks[task]!;
  const samples = request.length;
  return {
    request: int64(request, samples),
    ...(judged !== null && candidateFeeds(shape, judged, batch, candidate)),
    ...(ranking.length > 0 && { features: float(features, samples, ranking.length) }),
  };
}

/** Of each sample what the batch has once for each distinct candidate. */
function candidateFeeds(shape: ModelShape, judged: string, batch: Batch, slots: Int32Array): Feeds {
  const source = judged === 'item' ? batch.items : batch.entities[judged]!;
  const rows = judged === 'item' ? batch.items.numItems : batch.entities[judged]!.entityRows.length;
  const distinct = rowFeeds(candidateShape(shape, judged), 'candidate', batch, source, rows);
  return Object.fromEntries(
    Object.entries(distinct).map(([name, { element, dims, values }]) => {
      const width = dims.slice(1).reduce((a, b) => a * b, 1);
      const picked =
        element === 'float' ? new Float32Array(slots.length * width) : new Int32Array(slots.length * width);
      for (const [at, slot] of slots.entries())
        picked.set(values.subarray(slot * width, (slot + 1) * width), at * width);
      return [name, { element, dims: [slots.length, ...dims.slice(1)], values: picked }];
    }),
  );
}

function rowFeeds(
  { fields, numbers }: RowShape,
  prefix: string,
  batch: Batch,
  source: {
    readonly fields: Readonly<Record<string, FieldSlots | MultiValuedSlots>>;
    readonly numbers: Float32Array;
  },
  rows: number,
): Feeds {
  return {
    ...fieldFeeds(fields, prefix, batch, source.fields),
    ...(numbers.length > 0 && { [`${prefix}.numbers`]: float(source.numbers, rows, numbers.length) }),
  };
}

function fieldFeeds(
  fields: readonly FieldShape[],
  prefix: string,
  batch: Batch,
  source: Readonly<Record<string, FieldSlots | MultiValuedSlots>>,
): Feeds {
  return Object.fromEntries(
    fields.map(({ name, table }) => {
      const at = source[name]!;
      const rows = at.slots.map((slot) => batch.tables[table]![slot]!);
      return [`${prefix}.${name}`, 'segments' in at ? padded(rows, at) : int64(rows, rows.length)];
    }),
  );
}

function padded(rows: Int32Array, { segments, counts }: MultiValuedSlots): Feed {
  const width = counts.reduce((most, count) => Math.max(most, count), 1);
  const values = new Int32Array(counts.length * width).fill(PADDING);
  let [entry, place] = [-1, 0];
  for (const [at, row] of rows.entries()) {
    place = segments[at] === entry ? place + 1 : 0;
    entry = segments[at]!;
    values[entry * width + place] = row;
  }
  return int64(values, counts.length, width);
}
