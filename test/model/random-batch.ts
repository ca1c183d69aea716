/** A model shape with one of everything and random batches for it: shared by the tests of model and training. */
import type { Batch } from '../../src/dataset/batch.js';
import type { FieldShape, ModelShape, NumberShape } from '../../src/model/shape.js';

/** A linear congruential generator: the tests' numbers never change. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const field = (table: string, rows: number, size: number, pooling?: 'mean' | 'sum'): FieldShape => ({
  name: table.slice(table.indexOf('/') + 1),
  table,
  rows,
  buckets: 1,
  size,
  vocabularyHash: table,
  ...(pooling ? { pooling } : {}),
});

export const smallShape: ModelShape = {
  itemFields: [field('item/item', 30, 4), field('item/brand', 6, 3), field('item/tags', 9, 2, 'mean')],
  itemNumbers: [],
  propertyFields: [field('property/behavior', 5, 2), field('property/hour', 4, 3)],
  userFields: [field('user/device', 4, 3)],
  queryField: null,
  encoder: 'lstm',
  variant: 'all',
  maxEvents: 10,
  peepholes: false,
  units: 6,
  attentionUnits: 4,
  userUnits: 5,
  candidateUnits: { item: 7 },
  entities: {},
  tasks: {
    ctr: {
      kind: 'binary',
      outputs: 1,
      features: [],
      candidate: 'item',
      query: 'none',
      batchNormalisation: false,
      weightCorrection: [0],
      drawCorrection: 0,
      layers: [8, 4],
    },
    buy: {
      kind: 'binary',
      outputs: 1,
      features: [],
      candidate: 'item',
      query: 'candidate',
      batchNormalisation: false,
      weightCorrection: [0],
      drawCorrection: 0,
      layers: [8],
    },
  },
  fixedTables: [],
  taskWeighting: 'fixed',
};

const number = (name: string): NumberShape => ({ name, scale: 'linear', mean: 3, deviation: 2 });

/** The same with two numbers of the items, which the batches have. */
export const numberedShape: ModelShape = { ...smallShape, itemNumbers: [number('price'), number('rating')] };

const match = (field: string) => ({ field, itemField: field, table: `item/${field}` });

/** The same that reads the latest behaviours and matches directly, and two features of the samples of one task. */
export const directShape: ModelShape = {
  ...numberedShape,
  latest: [1, 3],
  tasks: {
    ctr: {
      ...smallShape.tasks.ctr!,
      matches: [match('item'), match('brand')],
      features: [
        { name: 'constant', mean: 0, deviation: 1 },
        { name: 'position', mean: 0, deviation: 1 },
      ],
    },
    buy: { ...smallShape.tasks.buy!, matches: [match('brand')] },
  },
};

/** Distinct values in the order first met, and where each value points. */
function distinct(values: readonly number[]): { rows: Int32Array; slots: Int32Array } {
  const rows = [...new Set(values)];
  return { rows: Int32Array.from(rows), slots: Int32Array.from(values, (value) => rows.indexOf(value)) };
}

/** A batch of requests with the given history lengths; two to four samples each for both tasks. */
export function randomBatch(lengths: readonly number[], seed = 3): Batch {
  const random = generator(seed);
  const numbers = generator(seed + 1);
  const steps = Math.max(1, ...lengths);
  const batch = lengths.length;
  const numItems = 12;
  const numProperties = 5;
  const several = <T>(count: number, make: (at: number) => T) =>
    Array.from({ length: count }, (_, at) => make(at));
  const at = (below: number) =>
    Int32Array.from({ length: steps * batch }, (_, i) =>
      Math.floor(i / batch) < lengths[i % batch]! ? random(below) : 0,
    );
  const tagsOf = several(numItems, (item) => (item === 4 ? [] : several(1 + random(3), () => random(9))));
  const values = tagsOf.flat();
  const tables: Record<string, Int32Array> = {};
  const inTable = (table: string, values: readonly number[]) => {
    const { rows, slots } = distinct(values);
    tables[table] = rows;
    return { slots };
  };
  const item = inTable(
    'item/item',
    several(numItems, (i) => i * 2),
  );
  const brand = inTable(
    'item/brand',
    several(numItems, () => random(6)),
  );
  const tags = {
    ...inTable('item/tags', values),
    segments: Int32Array.from(tagsOf.flatMap((tags, item) => tags.map(() => item))),
    counts: Int32Array.from(tagsOf, (tags) => tags.length),
  };
  const samples = () => {
    const request = lengths.flatMap((_, row) => several(2 + random(3), () => row));
    return {
      request: Int32Array.from(request),
      candidate: Int32Array.from(request, () => random(numItems)),
      features: Float32Array.from(
        request.flatMap(() => [1, numbers(9) / 4 - 1]),
        (value) => value,
      ),
      label: Float32Array.from(request, () => random(2)),
      weight: Float32Array.from(request, () => 1 + random(3)),
      sample: Int32Array.from(request.keys()),
    };
  };
  return {
    requests: Int32Array.from(lengths.keys()),
    steps,
    lengths: Int32Array.from(lengths),
    history: at(numItems),
    property: at(numProperties),
    items: {
      numItems,
      itemRows: Int32Array.from({ length: numItems }, (_, i) => i),
      fields: { item, brand, tags },
      numbers: Float32Array.from({ length: numItems * 2 }, () => numbers(17) / 4 - 2),
    },
    properties: {
      numProperties,
      codes: Int32Array.from({ length: numProperties }, (_, i) => i),
      fields: {
        behavior: inTable(
          'property/behavior',
          several(numProperties, (i) => i),
        ),
        hour: inTable(
          'property/hour',
          several(numProperties, () => random(4)),
        ),
      },
    },
    users: {
      device: inTable(
        'user/device',
        several(batch, () => random(4)),
      ),
    },
    query: null,
    tables,
    entities: {},
    tasks: { ctr: samples(), buy: samples() },
  };
}
