/** What goes over from one model into another, and what is refused because it would not mean the same there. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { ResourceVariable } from '../../src/engine/resource-variable.js';
import { tf } from '../../src/engine/tf.js';
import {
  type CarryOver,
  copySlots,
  copyWeights,
  type EarlierVocabulary,
  planCarryOver,
} from '../../src/model/carry-over.js';
import { openSafetensors, writeSafetensors } from '../../src/model/safetensors.js';
import type { FieldShape, ModelShape, TaskShape } from '../../src/model/shape.js';
import { allVariables, initialWeights } from '../../src/model/weights.js';
import { Optimizer } from '../../src/training/optimizer.js';
import { trainStep } from '../../src/training/steps.js';
import { directShape, numberedShape, randomBatch, smallShape } from './random-batch.js';

const { ctr, buy } = smallShape.tasks as { readonly ctr: TaskShape; readonly buy: TaskShape };
const none = () => [];

const plan = (
  target: ModelShape,
  base: ModelShape = smallShape,
  earlier: (table: string) => readonly EarlierVocabulary[] = none,
) => planCarryOver(base, target, { from: 'runs/base', earlier });

const shopFields: readonly FieldShape[] = [
  { ...smallShape.itemFields[1]! },
  { name: 'style', table: 'shop/style', rows: 7, buckets: 1, size: 2, vocabularyHash: 'styles' },
];
const follow: TaskShape = { ...ctr, candidate: 'shop', layers: [3] };
const withShop: ModelShape = {
  ...smallShape,
  candidateUnits: { item: 7, shop: 2 },
  entities: { shop: { fields: shopFields, numbers: [] } },
  tasks: { ...smallShape.tasks, follow },
};

/** The shape with one of its fields changed. */
const withField = (group: 'itemFields' | 'propertyFields' | 'userFields', at: number, change: object) => ({
  ...smallShape,
  [group]: smallShape[group].map((field, i) => (i === at ? { ...field, ...change } : field)),
});

describe('planCarryOver', () => {
  it('copies everything into a model of the same shape', () => {
    const weights = initialWeights(smallShape, 1, 1);
    const { copied, grown, created, skipped } = plan(smallShape);
    expect(copied).toEqual([...weights.dense.keys(), ...weights.tables.keys()]);
    expect([grown.size, created, skipped]).toEqual([0, [], []]);
    weights.dispose();
  });

  it('creates the tower, the candidate and the tables of a new task with its own entity', () => {
    const { copied, created, skipped } = plan(withShop);
    expect(created).toEqual([
      'candidate/shop/kernel',
      'candidate/shop/bias',
      'tasks/follow/0/kernel',
      'tasks/follow/0/bias',
      'tasks/follow/1/kernel',
      'tasks/follow/1/bias',
      'shop/style',
    ]);
    expect(copied).toEqual(expect.arrayContaining(['candidate/item/kernel', 'item/brand', 'lstm/property']));
    expect(skipped).toEqual([]);
    expect(plan(smallShape, withShop).skipped).toEqual(created);
  });

  it('skips the towers of dropped tasks, and what only they asked with', () => {
    const { created, skipped } = plan({ ...smallShape, tasks: { ctr } });
    expect(created).toEqual([]);
    expect(skipped).toEqual([
      'attention/candidate',
      'tasks/buy/0/kernel',
      'tasks/buy/0/bias',
      'tasks/buy/1/kernel',
      'tasks/buy/1/bias',
    ]);
    const alone = { ...ctr, candidate: null };
    const swapped = plan({ ...smallShape, candidateUnits: {}, tasks: { level: alone } });
    expect(swapped.created.every((name) => name.startsWith('tasks/level/'))).toBe(true);
    expect(swapped.skipped).toEqual(expect.arrayContaining(['candidate/item/kernel', 'tasks/ctr/0/kernel']));
  });

  it('counts the statistics of normalised layers with the tower, and learned weights of tasks', () => {
    const normalised = { ...smallShape, tasks: { ctr: { ...ctr, batchNormalisation: true }, buy } };
    expect(plan(normalised).created).toEqual([
      ...['tasks/ctr/0/gamma', 'tasks/ctr/0/beta', 'tasks/ctr/1/gamma', 'tasks/ctr/1/beta'],
      ...['tasks/ctr/0/mean', 'tasks/ctr/0/variance', 'tasks/ctr/1/mean', 'tasks/ctr/1/variance'],
    ]);
    expect(plan(normalised, normalised).copied).toContain('tasks/ctr/1/variance');
    expect(plan({ ...smallShape, taskWeighting: 'uncertainty' }).created).toEqual([
      'uncertainty/ctr',
      'uncertainty/buy',
    ]);
  });

  it.each<readonly [string, ModelShape, ModelShape, string]>([
    [
      'a variant without properties here',
      { ...smallShape, variant: 'nobp' },
      smallShape,
      'this model lacks its weight `lstm/property` [5, 24]',
    ],
    [
      'a variant without properties there',
      smallShape,
      { ...smallShape, variant: 'nobp' },
      'it lacks the weight `lstm/property` [5, 24] of this model',
    ],
    [
      'properties in the attention alone',
      smallShape,
      { ...smallShape, variant: 'bplstm' },
      'it lacks the weight `attention/property` [5, 4] of this model',
    ],
    [
      'a mean here',
      { ...smallShape, encoder: 'mean' },
      smallShape,
      'this model lacks its weight `lstm/item` [9, 24]',
    ],
    [
      'a mean there',
      smallShape,
      { ...smallShape, encoder: 'mean' },
      'it lacks the weight `lstm/item` [9, 24] of this model',
    ],
    [
      'peepholes here',
      { ...smallShape, peepholes: true },
      smallShape,
      'it lacks the weight `lstm/peephole` [3, 6] of this model',
    ],
    [
      'another user field here',
      { ...smallShape, userFields: [{ ...smallShape.userFields[0]!, name: 'age', table: 'user/age' }] },
      smallShape,
      'it lacks the weight `user/age` [rows, 3] of this model',
    ],
    [
      'one item field less',
      { ...smallShape, itemFields: smallShape.itemFields.slice(0, 2) },
      smallShape,
      'this model lacks its weight `item/tags` [rows, 2]',
    ],
    [
      'embeddings of another size',
      withField('itemFields', 0, { size: 8 }),
      smallShape,
      'its weight `lstm/item` is [9, 24], that of this model [13, 24]',
    ],
    [
      'other sizes that make the same sum',
      withField('itemFields', 0, { size: 5, table: 'item/item' }),
      withField('itemFields', 1, { size: 4 }),
      'its weight `item/item` is [rows, 4], that of this model [rows, 5]',
    ],
    [
      'other layers of a task that both have',
      { ...smallShape, tasks: { ctr: { ...ctr, layers: [8, 5] }, buy } },
      smallShape,
      'its weight `tasks/ctr/1/kernel` is [8, 4], that of this model [8, 5]',
    ],
    [
      'other units of a candidate',
      { ...smallShape, candidateUnits: { item: 6 } },
      smallShape,
      'its weight `candidate/item/kernel` is [9, 7], that of this model [9, 6]',
    ],
    [
      'other buckets',
      withField('itemFields', 1, { buckets: 2 }),
      smallShape,
      '`item/brand` has buckets 1 there, 2 here',
    ],
    [
      'another pooling',
      withField('itemFields', 2, { pooling: 'sum' }),
      smallShape,
      '`item/tags` has pooling mean there, sum here',
    ],
    [
      'pooling there alone',
      withField('itemFields', 2, { pooling: undefined }),
      smallShape,
      '`item/tags` has pooling mean there, none here',
    ],
    [
      'another vocabulary',
      withField('itemFields', 1, { vocabularyHash: 'other' }),
      smallShape,
      '`item/brand` was trained on a vocabulary of 6 rows that the 6 rows of the prepared data do not begin with; ' +
        'carry its vocabularies on (dupn preprocess --update, or dupn transfer)',
    ],
    [
      'a number of items that is another',
      { ...numberedShape, itemNumbers: numberedShape.itemNumbers.map((each) => ({ ...each, mean: 4 })) },
      numberedShape,
      'the numbers of items are [{"name":"price","scale":"linear","mean":3,"deviation":2},{"name":"rating","scale":"linear","mean":3,"deviation":2}] there, ' +
        '[{"name":"price","scale":"linear","mean":4,"deviation":2},{"name":"rating","scale":"linear","mean":4,"deviation":2}] here; ' +
        'prepare the data with the statistics of the base',
    ],
    [
      'fields of items in another order',
      { ...smallShape, itemFields: smallShape.itemFields.toReversed() },
      smallShape,
      'the fields of items are item/item, item/brand, item/tags there, item/tags, item/brand, item/item here; put them in the order of the base',
    ],
    [
      'properties in another order',
      { ...smallShape, propertyFields: smallShape.propertyFields.toReversed() },
      smallShape,
      'the properties are property/behavior, property/hour there, property/hour, property/behavior here; put them in the order of the base',
    ],
    [
      'fields of an entity in another order',
      { ...withShop, entities: { shop: { fields: shopFields.toReversed(), numbers: [] } } },
      withShop,
      'the fields of shop are item/brand, shop/style there, shop/style, item/brand here; put them in the order of the base',
    ],
  ])('refuses %s', (_, target, base, message) => {
    expect(() => plan(target, base)).toThrow(new UserError(`Cannot start from runs/base: ${message}`));
  });

  it('refuses a task that reads the history directly in another way', () => {
    const { ctr: own } = directShape.tasks;
    const withoutBrand: ModelShape = {
      ...directShape,
      tasks: { ...directShape.tasks, ctr: { ...own!, matches: own!.matches!.slice(1) } },
    };
    // Such a tower has another size, unless something else fills it up.
    const latest: ModelShape = { ...directShape, latest: [1, 5] };
    expect(() => plan(latest, directShape)).toThrow(/model\.latest is \[1, 3\] there, \[1, 5\] here/);
    expect(() => plan(withoutBrand, directShape)).toThrow(/Cannot start from runs\/base: .*tasks\/ctr/);
    const other: ModelShape = {
      ...withoutBrand,
      tasks: {
        ...withoutBrand.tasks,
        ctr: {
          ...own!,
          matches: [own!.matches![1]!, { field: 'shop', itemField: 'shop', table: 'item/shop' }],
        },
      },
    };
    expect(() => plan(other, directShape)).toThrow(
      /the task ctr reads matches of item, brand there, of brand, shop here \(model\.matches\)/,
    );
  });

  it('refuses numbers of an entity and ranking features that are normalised otherwise', () => {
    const entityNumbers = (mean: number): ModelShape => ({
      ...withShop,
      entities: {
        shop: { fields: shopFields, numbers: [{ name: 'sales', scale: 'log', mean, deviation: 1 }] },
      },
    });
    expect(() => plan(entityNumbers(2), entityNumbers(1))).toThrow(
      /the numbers of shop are .*"mean":1.*"mean":2/,
    );
    const ranks = (mean: number): ModelShape => ({
      ...smallShape,
      tasks: {
        ctr,
        rank: { ...ctr, kind: 'rank', candidate: null, features: [{ name: 'price', mean, deviation: 1 }] },
      },
    });
    expect(() => plan(ranks(2), ranks(1))).toThrow(/the features of rank are .*"mean":1.*"mean":2.* here/);
    // A task that the base does not have may have any.
    expect(plan(ranks(2)).created).toContain('tasks/rank/0/kernel');
  });

  it('does not mind the vocabulary of properties that no part of the model reads', () => {
    const unread = {
      ...withField('propertyFields', 0, { vocabularyHash: 'other' }),
      variant: 'nobp',
    } as const;
    expect(plan(unread, { ...smallShape, variant: 'nobp' }).copied).not.toContain('property/behavior');
  });

  it('does not mind the order of properties that no part of the model reads', () => {
    const turned = { ...smallShape, propertyFields: smallShape.propertyFields.toReversed() };
    expect(plan({ ...turned, variant: 'nobp' }, { ...smallShape, variant: 'nobp' }).skipped).toEqual([]);
  });

  it('finds a table that has grown several times since the base', () => {
    const known = smallShape.itemFields[1]!;
    const grown = withField('itemFields', 1, { rows: 11, vocabularyHash: 'third' });
    const history = [
      { rows: 4, vocabularyHash: 'before' },
      { rows: known.rows, vocabularyHash: known.vocabularyHash },
      { rows: 8, vocabularyHash: 'second' },
    ];
    const earlier = (table: string) => (table === 'item/brand' ? history : []);
    expect([...plan(grown, smallShape, earlier).grown]).toEqual([['item/brand', 6]]);
    // The same rows under another hash are another vocabulary.
    const others = () => [{ rows: known.rows, vocabularyHash: 'another' }];
    expect(() => plan(grown, smallShape, others)).toThrow(
      /`item\/brand` was trained on a vocabulary of 6 rows/,
    );
    // And a base that knows more than the data is no beginning of it.
    expect(() => plan(smallShape, grown, earlier)).toThrow(/a vocabulary of 11 rows that the 6 rows/);
  });
});

describe('copying', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dupn-carry-'));
  });

  /** The values of a variable. */
  const all = (variable: ResourceVariable) => [...variable.readRows(0, variable.shape[0]!)];

  it('leaves known rows as they are, starts new ones in their bucket and the rest afresh', async () => {
    const tensors = tf.memory().numTensors;
    const base = initialWeights(smallShape, 1, 1);
    const baseOptimizer = new Optimizer(base, { learningRate: 0.01, tableLearningRate: 0.05 });
    const batch = randomBatch([4, 0, 2, 3]);
    trainStep(base, baseOptimizer, batch, 1, { taskWeights: {}, dropoutRates: {}, l2: 0, seed: 1 });
    base.tables.get('item/brand')!.writeRows(1, Float32Array.of(7, 8, 9));
    await writeSafetensors(join(folder, 'weights'), allVariables(base));
    await writeSafetensors(join(folder, 'slots'), baseOptimizer.slots);

    const grownShape: ModelShape = {
      ...withShop,
      itemFields: smallShape.itemFields.map((field, at) => (at === 1 ? { ...field, rows: 9 } : field)),
      entities: { shop: { fields: [{ ...shopFields[0]!, rows: 9 }, shopFields[1]!], numbers: [] } },
      tasks: { ctr, follow },
    };
    const target = initialWeights(grownShape, 2, 1);
    const fresh = new Map([...allVariables(target)].map(([name, variable]) => [name, all(variable)]));
    const optimizer = new Optimizer(target, { learningRate: 0.01, tableLearningRate: 0.05 });
    const carried: CarryOver = {
      ...plan({ ...withShop, tasks: { ctr, follow } }),
      grown: new Map([['item/brand', 6]]),
    };
    const asked: unknown[] = [];
    const weights = await openSafetensors(join(folder, 'weights'));
    const slots = await openSafetensors(join(folder, 'slots'));
    await copyWeights(weights, allVariables(target), carried, async (table, firstRow) => {
      asked.push([table, firstRow]);
      return Int32Array.of(1, 0, 1);
    });
    await copySlots(slots, optimizer.slots, carried);
    await weights.close();
    await slots.close();

    expect(asked).toEqual([['item/brand', 6]]);
    for (const [name, variable] of allVariables(target)) {
      const was = allVariables(base).get(name);
      const now = all(variable);
      if (!was) expect(now, name).toEqual(fresh.get(name));
      else if (name !== 'item/brand') expect(now, name).toEqual(all(was));
    }
    const brands = all(base.tables.get('item/brand')!);
    expect(all(target.tables.get('item/brand')!)).toEqual([
      ...brands,
      ...[7, 8, 9],
      ...brands.slice(0, 3),
      ...[7, 8, 9],
    ]);

    const start = Math.fround(1e-10);
    for (const [name, slot] of optimizer.slots) {
      const now = all(slot);
      const was = baseOptimizer.slots.get(name);
      if (name === 'item/brand/accumulator') {
        expect(now).toEqual([...all(was!), ...new Array(9).fill(start)]);
        expect(now.slice(0, 18).some((value) => value > start)).toBe(true);
      } else if (was) expect(now, name).toEqual(all(was));
      else expect(new Set(now), name).toEqual(new Set([name.endsWith('/accumulator') ? start : 0]));
    }
    expect(all(optimizer.slots.get('lstm/item/v')!).some((value) => value > 0)).toBe(true);
    expect(optimizer.slots.has('tasks/follow/0/kernel/m')).toBe(true);
    for (const owned of [base, baseOptimizer, target, optimizer]) owned.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('goes through a table in chunks, whose new rows begin within one', async () => {
    // A chunk of 16 units has 2^20 rows.
    const units = 16;
    const [rows, more] = [(1 << 20) + 3, (1 << 21) + 2];
    const tensors = tf.memory().numTensors;
    const base = new ResourceVariable([rows, units]);
    const target = new ResourceVariable([more, units]);
    const row = (value: number) => new Float32Array(units).fill(value);
    base.writeRows(1, row(1));
    base.writeRows(2, row(2));
    base.writeRows(rows - 1, row(5));
    expect([...target.chunks()]).toHaveLength(3);
    const path = join(folder, 'table');
    await writeSafetensors(path, new Map([['t', base]]));
    const file = await openSafetensors(path);
    const carried = { copied: ['t'], grown: new Map([['t', rows]]), created: [], skipped: [] };
    const buckets = Int32Array.from({ length: more - rows }, (_, at) => 1 + (at % 2));
    await copyWeights(file, new Map([['t', target]]), carried, async () => buckets);
    await file.close();
    const first = (at: number) => [...target.readRows(at, at + 1)];
    expect(first(1)).toEqual([...row(1)]);
    expect(first(rows - 2)).toEqual([...row(0)]);
    expect(first(rows - 1)).toEqual([...row(5)]);
    for (const at of [rows, rows + 1, (1 << 21) - 1, 1 << 21, more - 1]) {
      expect(first(at), `row ${at}`).toEqual([...row(1 + ((at - rows) % 2))]);
    }
    for (const owned of [base, target]) owned.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
