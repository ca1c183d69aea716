import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPrepared } from '../../src/dataset/prepared.js';
import { seenScores } from '../../src/evaluation/seen-baseline.js';
import { makeWorld, type World, windowOf } from '../dataset/prepared-world.js';
import { writeWorld } from '../dataset/write-world.js';

const MAX_EVENTS = 20;

/** Scores of the samples of `follow`, which judges shops. */
async function scoresIn(world: World) {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-seen-'));
  await writeWorld(folder, world);
  const prepared = openPrepared(folder);
  try {
    const samples = world.requests.flatMap((request, at) =>
      request.samples.follow!.map((sample) => ({
        ...sample,
        at,
        window: windowOf(world, request, MAX_EVENTS),
      })),
    );
    const scores = seenScores(
      prepared,
      {
        requests: Int32Array.from(samples, ({ at }) => at),
        judged: 'shop',
        candidates: Int32Array.from(samples, ({ item }) => item),
      },
      MAX_EVENTS,
    );
    return { samples, scores };
  } finally {
    prepared.close();
  }
}

test('a shop was seen as often as its single-valued shared fields came up', async () => {
  const world = makeWorld(21);
  const { samples, scores } = await scoresIn(world);
  const brand = world.entities.shop!.brand!;
  const expected = samples.map(
    ({ item, window }) =>
      window.filter((event) => brand[item] !== 0 && world.items.brand![event.item] === brand[item]).length,
  );
  expect([...scores!]).toEqual(expected);
  expect(Math.max(...expected)).toBeGreaterThan(1);
});

test('one event of the entity itself outweighs all others', async () => {
  const world = makeWorld(22);
  // The brand is the id of the shop now, the item's id a field beside it.
  const fields = world.entityFields.shop!.map((field) => ({
    ...field,
    name: field.name === 'brand' ? 'shop' : field.name,
  }));
  const { brand, ...others } = world.entities.shop!;
  const item = brand!.map((_, row) => 3 + row);
  const { samples, scores } = await scoresIn({
    ...world,
    entityFields: { shop: [...fields, { ...world.fields.item[0]!, shares: 'item' }] },
    entities: { shop: { ...others, shop: brand!, item } },
  });
  const expected = samples.map(({ item: shop, window }) =>
    window.reduce(
      (sum, event) =>
        sum +
        (brand![shop] !== 0 && world.items.brand![event.item] === brand![shop] ? 1 + MAX_EVENTS : 0) +
        (world.items.item![event.item] === item[shop] ? 1 : 0),
      0,
    ),
  );
  expect([...scores!]).toEqual(expected);
});

test('an entity that shares nothing with the items is never seen', async () => {
  const world = makeWorld(23);
  const own = world.entityFields.shop!.filter(({ shares }) => shares === undefined);
  const { scores } = await scoresIn({ ...world, entityFields: { shop: own } });
  expect(scores).toBeNull();
});
