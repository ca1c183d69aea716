/** The encoding of an earlier prepared folder that is carried on in another one. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { preparedPaths } from '../../src/common/prepared.js';
import { parseConfig } from '../../src/config/load.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { readFacts } from './prepared-facts.js';
import { DAY, randomWorld, START, type World, writeWorld } from './world.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-carried-'));
});

const SPENT = `  spent:
    kind: multiclass
    classes: 3
    labels: { requests: positive, next: { behavior: [buy] }, level: { column: price } }
`;

/** What the new world says otherwise: new values of each kind. */
function anotherWorld(seed: number): World {
  const world = randomWorld(seed, 300);
  const since = (row: { readonly time: number }) => row.time >= START + 4 * DAY;
  return {
    ...world,
    events: world.events.filter(since).map((event, at) => ({
      ...event,
      ...(at % 3 === 0 && { item: 'new item', shop: 'new shop', device: 'watch', behavior: 'share' }),
    })),
    items: world.items.map((item, at) => ({ ...item, brand: at % 2 === 0 ? 'new brand' : item.brand })),
    users: world.users.map((user) => ({ ...user, age: '99' })),
    shops: world.shops.map((shop) => ({ ...shop, style: 'new style' })),
    clicks: world.clicks.map((click) => ({ ...click, page: 'cart', query: 'neues wort' })),
  };
}

/** Prepares a world in `<folder>/<name>`. */
async function prepare(
  name: string,
  world: World,
  carry?: { readonly from: string; readonly vocabularies: 'fixed' | 'grow' },
  edit: (yaml: string) => string = (yaml) => yaml,
) {
  const yaml = edit(await writeWorld(join(folder, `data-${name}`), world, SPENT));
  await preprocess({
    config: parseConfig(yaml, join(folder, 'world.yaml')),
    folder: join(folder, name),
    force: false,
    carry: carry && { folder: join(folder, carry.from), vocabularies: carry.vocabularies },
    context: silentContext,
  });
  return readFacts(join(folder, name));
}

const GROWING = [
  ['item/item', 'new item'],
  ['item/shop', 'new shop'],
  ['item/brand', 'new brand'],
  ['user/device', 'watch'],
  ['user/age', '99'],
  ['user/page', 'cart'],
  ['query/word', 'wort'],
  ['shop/style', 'new style'],
] as const;

test.each(['fixed', 'grow'] as const)(
  'values keep their indexes, numbers their units: %s',
  async (vocabularies) => {
    const base = await prepare('base', randomWorld(1, 300));
    const carried = await prepare('next', anotherWorld(2), { from: 'base', vocabularies });
    const alone = await prepare('alone', anotherWorld(2));
    for (const [field, values] of Object.entries(base.vocabularies)) {
      const now = carried.vocabularies[field]!;
      for (const [value, [, index]] of values) {
        if (index !== null) expect(now.get(value)?.[1], `${field} ${value}`).toBe(index);
      }
      // Counts are those of the new data; what it never shows stands there with none.
      for (const [value, [count]] of now) {
        expect(count, `${field} ${value}`).toBe(alone.vocabularies[field]!.get(value)?.[0] ?? 0);
      }
    }
    for (const [field, value] of GROWING) {
      expect(base.vocabularies[field]!.has(value)).toBe(false);
      const [count, index] = carried.vocabularies[field]!.get(value)!;
      expect(count).toBeGreaterThan(0);
      expect(index === null, field).toBe(vocabularies === 'fixed');
    }
    expect(carried.vocabularies['properties/behavior']!.get('share')![1]).toBe(null);
    // The vocabulary of tags is full.
    expect(
      [...carried.vocabularies['item/tags']!.values()].filter(([, index]) => index !== null),
    ).toHaveLength(2);

    const { fields, entities, tasks } = carried.manifest;
    expect(fields.itemNumbers).toEqual(base.manifest.fields.itemNumbers);
    expect(entities.shop!.numbers).toEqual(base.manifest.entities.shop!.numbers);
    expect(tasks.orders!.features).toEqual(base.manifest.tasks.orders!.features);
    const levels = preparedPaths.sampleLevels('spent');
    expect(carried.manifest.files[levels]).toEqual(base.manifest.files[levels]);
    expect(alone.manifest.files[levels]).not.toEqual(base.manifest.files[levels]);

    const [item, was] = [fields.item[0]!, base.manifest.fields.item[0]!];
    expect(fields.properties.map(({ name, rows, stride }) => [name, rows, stride])).toEqual(
      base.manifest.fields.properties.map(({ name, rows, stride }) => [name, rows, stride]),
    );
    if (vocabularies === 'fixed')
      expect(item).toMatchObject({ rows: was.rows, vocabularyHash: was.vocabularyHash });
    const state = { rows: was.rows, vocabularyHash: was.vocabularyHash };
    expect(item.earlier).toEqual(vocabularies === 'fixed' ? undefined : [state]);
    const { name, configHash, coveredTo } = base.manifest;
    expect(carried.manifest.carried).toEqual({ name, configHash, coveredTo, vocabularies });
  },
);

test('each growth is kept in the history, and what was made from another folder is made again', async () => {
  const base = await prepare('base', randomWorld(1, 300));
  const grow = { from: 'base', vocabularies: 'grow' } as const;
  const one = await prepare('one', anotherWorld(2), grow);
  const { events, ...rest } = anotherWorld(3);
  const more = {
    ...rest,
    events: events.map((event, at) => (at % 5 === 0 ? { ...event, item: 'newer' } : event)),
  };
  const two = await prepare('two', more, { ...grow, from: 'one' });
  const state = ({ manifest }: typeof base) => {
    const { rows, vocabularyHash } = manifest.fields.item[0]!;
    return { rows, vocabularyHash };
  };
  expect(two.manifest.fields.item[0]!.earlier).toEqual([state(base), state(one)]);
  // A field that did not grow has the history that it had.
  expect(two.manifest.fields.user[0]!.earlier).toEqual(one.manifest.fields.user[0]!.earlier);
  expect(one.manifest.fields.user[0]!.earlier).toHaveLength(1);
});

test('unchanged is only what was carried from the same folder in the same way', async () => {
  await prepare('base', randomWorld(1, 300));
  const yaml = await writeWorld(join(folder, 'data'), anotherWorld(2), SPENT);
  const run = (vocabularies?: 'fixed' | 'grow', force = false) =>
    preprocess({
      config: parseConfig(yaml, join(folder, 'world.yaml')),
      folder: join(folder, 'out'),
      force,
      carry: vocabularies && { folder: join(folder, 'base'), vocabularies },
      context: silentContext,
    });
  expect((await run('grow')).skipped).toBe(false);
  expect((await run('grow')).skipped).toBe(true);
  expect((await run('fixed')).skipped).toBe(false);
  await expect(run()).rejects.toThrow(/carries on the vocabularies of .*dupn transfer/s);
  expect((await run(undefined, true)).skipped).toBe(false);
  expect((await run()).skipped).toBe(true);
});

test('fields that the earlier folder lacks are made afresh, others have to be the same', async () => {
  await prepare('base', randomWorld(1, 300), undefined, (yaml) =>
    yaml.replace('      style: { size: 4, minCount: 6 }\n', ''),
  );
  const fixed = { from: 'base', vocabularies: 'fixed' } as const;
  const { vocabularies, manifest } = await prepare('next', anotherWorld(2), fixed);
  expect(vocabularies['shop/style']!.get('new style')![1]).not.toBe(null);
  expect(manifest.entities.shop!.fields.find(({ name }) => name === 'style')!.earlier).toBe(undefined);
  const other = prepare('other', anotherWorld(2), fixed, (yaml) =>
    yaml
      .replace('minCount: 3, buckets: 2 }', 'minCount: 3, buckets: 3 }')
      .replace('brand: { size: 4 }', 'brand: { size: 4, separator: "," }')
      .replace('price: { scale: log }', 'price: {}')
      .replace('classes: 3\n    labels', 'classes: 4\n    labels'),
  );
  await expect(other).rejects.toThrow(
    /Cannot carry on the encoding of .*base: what both have must be the same\n {2}features\.item\.item: buckets was 2, now 3\n {2}features\.item\.brand: separator was not set, now ","\n {2}features\.itemNumbers\.price: scale was "log", now "linear"\n {2}tasks\.spent: classes was 3, now 4$/,
  );
  await expect(prepare('none', anotherWorld(2), { ...fixed, from: 'nowhere' })).rejects.toThrow(
    /expected prepared data in .*nowhere, got none/,
  );
});
