/** The log and the models that dupn is compared on: small, but with every case that could be got wrong. */

import { mapValues } from '../../dist/common/map-values.js';
import { createRandom } from '../../dist/common/random.js';
import { parameterSpecs, statisticSpecs, tableSpecs } from '../../dist/model/parameters.js';

const MAX_EVENTS = 6;
const FEATURES = ['constant', 'price', 'sales'];

const feature = (name) => ({ name, mean: 0, deviation: 1 });

const field = (name, rows, more = {}) => ({
  name,
  rows,
  buckets: 1,
  values: rows - 2,
  multiValued: false,
  vocabularyHash: name,
  ...more,
});

/** As test/dataset/prepared-world.ts describes it. */
export function makeWorld() {
  const random = createRandom('parity', 'world');
  const words = createRandom('parity', 'words');
  const numbers = createRandom('parity', 'numbers');
  const places = createRandom('parity', 'places');
  const list = (length, make) => Array.from({ length }, (_, i) => make(i));
  const items = {
    item: list(16, (row) => row + 2),
    brand: list(16, () => random.integer(5)),
    // None, a repeated one, several.
    tags: list(16, (row) =>
      row % 5 === 0 ? [] : row === 3 ? [4, 4, 2] : list(1 + random.integer(3), () => random.integer(8)),
    ),
  };
  // Events of each user in two segments; the last user came after the first one was made.
  const counts = [
    [0, 3, 5, 1, 2, 4],
    [0, 0, 6, 2, 1, 2, 3],
  ];
  const segments = counts.map((users, segment) =>
    users.map((count) =>
      list(count, (i) => ({
        item: random.integer(16),
        code: random.integer(12),
        time: 1000 * segment + 10 * i,
      })),
    ),
  );
  // (user, events before): empty histories of a new and of an old user, lengths that tie, windows cut at MAX_EVENTS.
  const asked = [
    [0, 0],
    [1, 3],
    [2, 11],
    [2, 0],
    [3, 3],
    [4, 2],
    [5, 6],
    [6, 3],
    [2, 8],
    [5, 1],
  ];
  const sample = () => ({
    item: random.integer(16),
    label: random.integer(2),
    weight: 0.5 * (1 + random.integer(4)),
  });
  const requests = asked.map(([user, end], request) => ({
    user,
    time: 3000 + request,
    end,
    split: 0,
    fields: { device: random.integer(3), age: random.integer(4) },
    // None for every third request; a word twice for another.
    query:
      request % 3 === 0 ? [] : request === 4 ? [5, 5, 2] : list(1 + words.integer(3), () => words.integer(9)),
    // Not every request has samples of every task.
    samples: {
      ctr: list(request === 5 ? 0 : 1 + random.integer(2), () => ({
        ...sample(),
        features: [1, places.integer(9) / 4 - 1, places.integer(9) / 8],
      })),
      buy: list(request % 3 === 1 ? 0 : 1 + random.integer(2), sample),
      follow: list(random.integer(3), () => ({ ...sample(), item: random.integer(7) })),
      order: list(random.integer(3), () => ({
        ...sample(),
        features: [1, random.integer(9) / 4 - 1, random.integer(9) / 8],
      })),
      // About the user alone.
      level: list(random.integer(3), () => ({ ...sample(), item: -1, label: random.integer(3) })),
    },
  }));
  const fields = {
    item: [field('item', 18), field('brand', 5), field('tags', 8, { multiValued: true })],
    properties: [field('behavior', 4, { stride: 1 }), field('hour', 3, { stride: 4 })],
    user: [field('device', 3), field('age', 4)],
    query: field('word', 9, { multiValued: true }),
  };
  const entities = {
    shop: {
      shop: list(7, (row) => (row < 5 ? row + 1 : 1)),
      // The brands of its items and their tags: the tables of the item fields.
      brand: list(7, () => random.integer(5)),
      tags: list(7, (row) => (row === 2 ? [] : list(1 + random.integer(3), () => random.integer(8)))),
    },
  };
  const entityFields = {
    shop: [field('shop', 8), { ...fields.item[1], shares: 'brand' }, { ...fields.item[2], shares: 'tags' }],
  };
  // Normalised already.
  const numbered = (names, rows) => ({
    names,
    rows: list(rows, () => names.map(() => numbers.integer(17) / 4 - 2)),
  });
  return {
    items,
    fields,
    entities,
    entityFields,
    numbers: { item: numbered(['price', 'rating'], 16), shop: numbered(['sales'], 7) },
    judges: { follow: 'shop' },
    ranking: { order: FEATURES.map(feature) },
    reads: { ctr: FEATURES.map(feature) },
    tasks: ['ctr', 'buy', 'follow', 'order', 'level'],
    classes: { level: 3 },
    segments,
    requests,
  };
}

const sized = (group, manifests, sizes) =>
  manifests.map(({ name, rows, buckets, vocabularyHash, multiValued, shares }, at) => ({
    name,
    table: shares ? `item/${shares}` : `${group}/${name}`,
    rows,
    buckets,
    size: sizes[at],
    vocabularyHash,
    ...(multiValued ? { pooling: 'mean' } : {}),
  }));

const units = (names) => names.map((name) => ({ name, scale: 'linear', mean: 0, deviation: 1 }));

/** The shape with the numbers that the items and the entities of the world have. */
function numbered(shape, { numbers: { item, shop } }) {
  const entities = { shop: { ...shape.entities.shop, numbers: units(shop.names) } };
  return { ...shape, itemNumbers: units(item.names), entities };
}

/** The shape in which some tasks ask with text. */
function asking(shape, asked, queryField) {
  const tasks = mapValues(shape.tasks, (task, name) =>
    asked.includes(name) ? { ...task, query: 'text' } : task,
  );
  return { ...shape, queryField, tasks };
}

/** The shape that reads the latest behaviours and matches of candidates directly, and features of the clicks. */
function direct(shape) {
  const match = (field) => ({ field, itemField: field, table: `item/${field}` });
  const { ctr, buy, follow } = shape.tasks;
  return {
    ...shape,
    latest: [1, 4],
    tasks: {
      ...shape.tasks,
      ctr: { ...ctr, features: FEATURES.map(feature), matches: [match('item'), match('brand')] },
      buy: { ...buy, matches: [match('brand')] },
      follow: { ...follow, matches: [match('brand')] },
    },
  };
}

function baseShape({ fields, entityFields }) {
  const plain = { batchNormalisation: false, weightCorrection: [0], drawCorrection: 0 };
  return {
    itemFields: sized('item', fields.item, [4, 3, 2]),
    itemNumbers: [],
    propertyFields: sized('property', fields.properties, [2, 3]),
    userFields: sized('user', fields.user, [2, 3]),
    queryField: null,
    encoder: 'lstm',
    variant: 'all',
    maxEvents: MAX_EVENTS,
    peepholes: false,
    units: 8,
    attentionUnits: 4,
    userUnits: 5,
    candidateUnits: { item: 6, shop: 4 },
    entities: { shop: { fields: sized('shop', entityFields.shop, [5, 3, 2]), numbers: [] } },
    tasks: {
      ctr: {
        kind: 'binary',
        outputs: 1,
        features: [],
        candidate: 'item',
        query: 'none',
        ...plain,
        layers: [6, 3],
      },
      buy: {
        kind: 'binary',
        outputs: 1,
        features: [],
        candidate: 'item',
        query: 'candidate',
        ...plain,
        layers: [],
      },
      follow: {
        kind: 'binary',
        outputs: 1,
        features: [],
        candidate: 'shop',
        query: 'none',
        ...plain,
        layers: [3],
      },
      order: {
        kind: 'rank',
        outputs: 1,
        features: FEATURES.map(feature),
        candidate: null,
        query: 'none',
        ...plain,
        layers: [5],
      },
      level: {
        kind: 'multiclass',
        outputs: 3,
        features: [],
        candidate: null,
        query: 'none',
        ...plain,
        weightCorrection: [0, 0, 0],
        drawCorrection: 0,
        layers: [4],
      },
    },
    fixedTables: [],
    taskWeighting: 'fixed',
  };
}

/** Case -> shape, weights and what the loss is made of. */
export function makeCases(world) {
  const base = baseShape(world);
  const sum = base.itemFields.map((field) => (field.pooling ? { ...field, pooling: 'sum' } : field));
  const shapes = {
    all: base,
    bplstm: { ...base, variant: 'bplstm' },
    bpatt: { ...base, variant: 'bpatt' },
    nobp: { ...base, variant: 'nobp' },
    mean: { ...base, encoder: 'mean' },
    'item-fields-only': {
      ...base,
      itemFields: sum,
      propertyFields: [],
      userFields: [],
    },
    penalised: base,
    peepholes: { ...base, peepholes: true },
    uncertainty: { ...base, taskWeighting: 'uncertainty' },
    normalised: { ...base, tasks: mapValues(base.tasks, (task) => ({ ...task, batchNormalisation: true })) },
    'class-weights': base,
    text: asking(base, ['ctr', 'level'], sized('query', [world.fields.query], [4])[0]),
    'text-sum': asking(base, ['ctr', 'order', 'level'], {
      ...sized('query', [world.fields.query], [3])[0],
      pooling: 'sum',
    }),
    numbers: numbered(base, world),
    direct: direct(base),
    'direct-mean': { ...direct(numbered(base, world)), encoder: 'mean', variant: 'nobp' },
    // Everything at once but numbers and what is read directly.
    whole: {
      ...base,
      ...asking(base, ['follow'], sized('query', [world.fields.query], [4])[0]),
      peepholes: true,
      taskWeighting: 'uncertainty',
      tasks: mapValues(asking(base, ['follow'], null).tasks, (task) => ({
        ...task,
        batchNormalisation: true,
      })),
    },
  };
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      {
        shape,
        maxEvents: MAX_EVENTS,
        taskWeights: { ctr: 1, buy: 0.5, follow: 1.5, order: 0.7, level: 2 },
        classWeights: ['class-weights', 'whole'].includes(name) ? { ctr: [1, 3], level: [2, 1, 0.5] } : {},
        l2: ['penalised', 'whole'].includes(name) ? 0.02 : 0,
        weights: makeWeights(shape, name),
      },
    ]),
  );
}

/** Every weight at random, biases too: a zero would hide what it is multiplied with. */
function makeWeights(shape, name) {
  const random = createRandom('parity', name);
  const nested = ([length, ...rest]) =>
    Array.from({ length }, () => (rest.length > 0 ? nested(rest) : Math.round(500 * random.normal()) / 1000));
  const specs = [
    ...parameterSpecs(shape),
    ...tableSpecs(shape).map(({ name, rows, size }) => ({ name, shape: [rows, size] })),
  ];
  const statistics = statisticSpecs(shape).map(({ name, shape: [size] }) => {
    // A variance is above 0.
    const values = nested([size]).map((value) =>
      name.endsWith('/variance') ? 0.2 + Math.abs(value) : value,
    );
    return [name, values];
  });
  return Object.fromEntries([...specs.map(({ name, shape }) => [name, nested(shape)]), ...statistics]);
}
