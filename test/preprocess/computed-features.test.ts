/** Computed ranking features against the formulas of docs/ranking-features.md, event by event. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { type Context, silentContext } from '../../src/common/context.js';
import { createRandom } from '../../src/common/random.js';
import { parseConfig } from '../../src/config/load.js';
import { preprocess } from '../../src/preprocess/preprocess.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const START = 1_577_836_800;

interface Event {
  readonly user: string;
  readonly item: string;
  readonly time: number;
  readonly behavior: string;
  readonly price: number | null;
}

type Item = Readonly<Record<'shop' | 'brand' | 'category', string>> & {
  readonly rating: number | null;
  readonly price: number | null;
};

function randomWorld(seed: number) {
  const random = createRandom(seed, 'ranking');
  const pick = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
  const names = Array.from({ length: 12 }, (_, i) => `i${i}`);
  const items = new Map(
    names.map((name): [string, Item] => [
      name,
      {
        shop: pick(['s1', 's2', 's3', '']),
        brand: pick(['b1', 'b2']),
        category: pick(['x', 'y', 'z', '']),
        rating: random.integer(4) === 0 ? null : random.integer(50) / 10,
        price: random.integer(5) === 0 ? null : random.integer(4000) / 100,
      },
    ]),
  );
  // On a grid of six hours, so that events fall on the edges of windows and on requests.
  const time = () => START + random.integer(10 * 4) * 6 * HOUR;
  const events = Array.from(
    { length: 300 },
    (): Event => ({
      user: pick(['a', 'b', 'c', 'd']),
      item: pick(names.slice(0, 10)),
      time: time(),
      behavior: pick(['view', 'view', 'cart', 'fav', 'purchase', 'share']),
      price: random.integer(6) === 0 ? null : 1 + random.integer(30),
    }),
  );
  const samples = Array.from({ length: 60 }, () => ({
    user: pick(['a', 'b', 'c', 'new']),
    item: pick(names),
    time: time(),
    label: random.integer(2),
    mine: random.integer(9),
  }));
  // Of some samples one or several, and some of nothing: another moment, item or user.
  const other = { user: 'nobody', item: 'nothing', time: time() };
  const predictions = Array.from({ length: 60 }, () => {
    const { user, item, time } = pick(samples.slice(0, 45));
    const [changed] = random.integer(4) === 0 ? [pick(['user', 'item', 'time'] as const)] : [];
    return {
      user: changed === 'user' ? other.user : user,
      item: changed === 'item' ? other.item : item,
      time: changed === 'time' ? time + 0.000001 : time,
      prediction: random.uniform(),
    };
  });
  return { items, events, samples, predictions };
}

type World = ReturnType<typeof randomWorld>;

const KINDS = { click: 'view', favorite: 'fav', cart: 'cart', buy: 'purchase' } as const;

/** The raw features of a sample, null for a missing one. */
function featuresOf(
  { items, events, predictions }: World,
  { user, item, time }: { user: string; item: string; time: number },
  priceFrom: 'items' | 'log',
): Record<string, number | null> {
  const mine = items.get(item)!;
  const past = events.filter((e) => e.time < time);
  const keyOf = (e: Event, key: string) => (key === 'item' ? e.item : items.get(e.item)![key as 'shop']);
  const own = (key: string) => (key === 'item' ? item : mine[key as 'shop']);
  const n = (key: string, kind: keyof typeof KINDS, days: number) =>
    own(key) === ''
      ? null
      : past.filter(
          (e) => keyOf(e, key) === own(key) && e.behavior === KINDS[kind] && e.time >= time - days * DAY,
        ).length;
  const log1p = (value: number | null) => (value === null ? null : Math.log(1 + value));
  const conversion = (key: string) => {
    const [buys, clicks] = [n(key, 'buy', 7), n(key, 'click', 7)];
    return buys === null || clicks === null ? null : (buys + 1) / (clicks + 20);
  };
  const byUser = (key: string) => past.filter((e) => e.user === user && keyOf(e, key) === own(key));
  const logOf = (price: number | null) => (price !== null && price > 0 ? Math.log(price) : null);
  const priceOf = (e: Event) => logOf(priceFrom === 'items' ? items.get(e.item)!.price : e.price);
  const latest = past
    .filter((e) => e.item === item && priceOf(e) !== null)
    .reduce<Event | null>((best, e) => (best && best.time > e.time ? best : e), null);
  const price = priceFrom === 'items' ? logOf(mine.price) : latest && priceOf(latest);
  const meanOf = (of: readonly Event[]) => {
    const prices = of.map(priceOf).filter((value) => value !== null);
    return prices.length > 0 ? prices.reduce((a, b) => a + b, 0) / prices.length : null;
  };
  const less = (a: number | null, b: number | null) => (a === null || b === null ? null : a - b);
  const inCategory = past.filter((e) => mine.category !== '' && keyOf(e, 'category') === mine.category);
  const fit = less(price, meanOf(past.filter((e) => e.user === user)));
  const predicted = predictions
    .filter((p) => p.user === user && p.item === item && p.time === time)
    .map(({ prediction }) => prediction);
  const lastInCategory = mine.category === '' ? [] : byUser('category').map((e) => e.time);
  return {
    rating: mine.rating,
    item_clicks_1d: log1p(n('item', 'click', 1)),
    item_clicks_3d: log1p(n('item', 'click', 3)),
    item_clicks_7d: log1p(n('item', 'click', 7)),
    item_buys_1d: log1p(n('item', 'buy', 1)),
    item_buys_3d: log1p(n('item', 'buy', 3)),
    item_buys_7d: log1p(n('item', 'buy', 7)),
    item_carts_7d: log1p(n('item', 'cart', 7)),
    item_favorites_7d: log1p(n('item', 'favorite', 7)),
    item_conversion_7d: conversion('item'),
    shop_clicks_7d: log1p(n('shop', 'click', 7)),
    shop_buys_7d: log1p(n('shop', 'buy', 7)),
    shop_conversion_7d: conversion('shop'),
    brand_clicks_7d: log1p(n('brand', 'click', 7)),
    category_clicks_7d: log1p(n('category', 'click', 7)),
    category_buys_7d: log1p(n('category', 'buy', 7)),
    price,
    price_in_category: less(price, meanOf(inCategory)),
    price_fit: fit === null ? null : -Math.abs(fit),
    user_item: log1p(byUser('item').length),
    user_shop: own('shop') === '' ? null : log1p(byUser('shop').length),
    user_brand: log1p(byUser('brand').length),
    user_category: own('category') === '' ? null : log1p(byUser('category').length),
    user_category_recency:
      lastInCategory.length > 0 ? Math.log(1 + (time - Math.max(...lastInCategory)) / HOUR) : null,
    predicted_ctr: predicted.length > 0 ? predicted.reduce((a, b) => a + b, 0) / predicted.length : null,
  };
}

/** Where the lines of the log go that say how many samples have a prediction. */
function listenTo(lines: string[]): Context {
  const line = (level: string) => (_: object, message: string) => {
    if (/predicted CTR|no event has/.test(message)) lines.push(`${level} ${message}`);
  };
  return { ...silentContext, logger: { ...silentContext.logger, info: line('info'), warn: line('warn') } };
}

async function prepare(
  { items, events, samples, predictions }: World,
  priceFrom: 'items' | 'log',
  brought: string,
) {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-ranking-'));
  const csv = (name: string, header: string, rows: readonly (readonly unknown[])[]) =>
    writeFile(join(folder, name), `${[header, ...rows.map((row) => row.join(','))].join('\n')}\n`);
  await csv(
    'events.csv',
    'user_id,item_id,time,action,cost',
    events.map((e) => [e.user, e.item, e.time, e.behavior, e.price ?? '']),
  );
  await csv(
    'items.csv',
    'item_id,shop,brand,category,rating,cost',
    [...items].map(([item, i]) => [item, i.shop, i.brand, i.category, i.rating ?? '', i.price ?? '']),
  );
  await csv(
    'samples.csv',
    `user_id,item_id,time,label,${brought}`,
    samples.map((s) => [s.user, s.item, s.time, s.label, s.mine]),
  );
  await csv(
    'predictions.csv',
    'who,what,when,ctr',
    predictions.map((p) => [p.user, p.item, p.time.toFixed(6), p.prediction]),
  );
  const config = parseConfig(
    `
name: ranking
data:
  root: ${folder}
  log: { files: events.csv, time: { column: time, format: seconds } }
  items: { files: items.csv }
features:
  item: { item: { size: 4 }, shop: { size: 4 }, brand: { size: 4 }, category: { size: 4 } }
  ranking:
    behavior: action
    click: [view]
    favorite: [fav]
    buy: [purchase]
    price: cost
    priceFrom: ${priceFrom}
    rating: rating
    predictedCtr:
      files: predictions.csv
      user: who
      candidate: what
      time: { column: when, format: seconds }
      prediction: ctr
split: { evaluationFrom: 2020-01-08, validationUsers: 0.3 }
tasks:
  l2r: { kind: rank, samples: { files: samples.csv, time: { column: time, format: seconds }, features: [${brought}] } }
`,
    join(folder, 'ranking.yaml'),
  );
  const out = join(folder, 'out');
  const logged: string[] = [];
  const { manifest } = await preprocess({ config, folder: out, force: false, context: listenTo(logged) });
  const { buffer, byteOffset, length } = await readFile(join(out, 'samples/l2r/features.f32'));
  const values = new Float32Array(buffer.slice(byteOffset, byteOffset + length));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = await connection.runAndReadAll(
    `SELECT r.user_id, s.candidate, epoch(r."time"), r.split FROM '${out}/samples/l2r/samples.parquet' s
     JOIN '${out}/requests/requests.parquet' r USING (request) ORDER BY s.sample`,
  );
  const stored = rows.getRows().map(([user, item, time, split]) => ({
    user: String(user),
    item: String(item),
    time: Number(time),
    part: String(split),
    training: split === 'training',
  }));
  connection.closeSync();
  instance.closeSync();
  return { manifest, features: manifest.tasks.l2r!.features, values, stored, logged };
}

test.each([
  [1, 'items'],
  [2, 'log'],
  [3, 'items'],
] as const)('features equal the formulas, world %i, price of the %s', async (seed, priceFrom) => {
  const world = randomWorld(seed);
  const { features, values, stored } = await prepare(world, priceFrom, 'mine');
  const raw = stored.map((sample) => featuresOf(world, sample, priceFrom));
  const names = Object.keys(raw[0]!);
  expect(features.map(({ name }) => name)).toEqual(['constant', ...names, 'mine']);
  expect(stored.filter(({ training }) => training).length).toBeGreaterThan(10);
  for (const [at, { name, mean, deviation }] of features.entries()) {
    if (name === 'mine') continue;
    const column = raw.map((row) => (name === 'constant' ? 1 : row[name]!));
    const training = column.filter((value, row) => value !== null && stored[row]!.training) as number[];
    const m = name === 'constant' ? 0 : training.reduce((a, b) => a + b, 0) / training.length;
    const d = Math.sqrt(training.reduce((sum, value) => sum + (value - m) ** 2, 0) / training.length);
    if (name !== 'constant') {
      expect(mean, name).toBeCloseTo(m, 9);
      expect(deviation, name).toBeCloseTo(d > 0 ? d : 1, 9);
    }
    for (const [row, value] of column.entries()) {
      const expected = value === null ? 0 : (value - mean) / deviation;
      expect(values[row * features.length + at], `${name} of sample ${row}`).toBeCloseTo(expected, 4);
    }
  }
});

test('a column of the samples takes the place of the computed feature of its name', async () => {
  const world = randomWorld(4);
  const { features, values } = await prepare(world, 'items', 'item_buys_1d');
  const names = features.map(({ name }) => name);
  expect(names.filter((name) => name === 'item_buys_1d')).toHaveLength(1);
  expect(names.at(-1)).toBe('item_buys_1d');
  const { mean, deviation } = features.at(-1)!;
  const brought = new Set(world.samples.map(({ mine }) => ((mine - mean) / deviation).toFixed(3)));
  for (let at = names.length - 1; at < values.length; at += names.length) {
    expect(brought).toContain(values[at]!.toFixed(3));
  }
});

test('says how many samples have a prediction, and warns where few have', async () => {
  const world = randomWorld(5);
  const { manifest, stored, logged } = await prepare(world, 'items', 'mine');
  const few = await prepare({ ...world, predictions: world.predictions.slice(0, 9) }, 'items', 'mine');
  const countsOf = ({ predictions }: World) =>
    ['training', 'validation', 'evaluation'].map((part) => {
      const all = stored.filter((sample) => sample.part === part);
      const predicted = all.filter(({ user, item, time }) =>
        predictions.some((p) => p.user === user && p.item === item && p.time === time),
      );
      return `${predicted.length} of ${all.length} ${part}`;
    });
  expect((await prepare(world, 'items', 'predicted_ctr')).logged).toEqual([]);
  expect(logged).toEqual([`info l2r: ${countsOf(world).join(', ')} samples have a predicted CTR`]);
  expect(manifest.rows.predictedCtr).toMatchObject({ read: 60, kept: 60, rejected: 0 });
  expect(few.logged).toEqual([
    `warn l2r: ${countsOf({ ...world, predictions: world.predictions.slice(0, 9) }).join(', ')} samples have a predicted CTR; of the others it is taken to be the mean`,
  ]);
});

test('a difference of prices that is nothing but rounding is no difference', async () => {
  const world = randomWorld(6);
  // One price for each category: every item has the mean of its category, sums of logarithms aside.
  const prices: Record<string, number> = { x: 3.3, y: 7.1, z: 12.7 };
  const items = new Map(
    [...world.items].map(([name, item]) => [name, { ...item, price: prices[item.category] ?? null }]),
  );
  const { features, values } = await prepare({ ...world, items }, 'items', 'mine');
  const at = features.findIndex(({ name }) => name === 'price_in_category');
  expect(features[at]).toEqual({ name: 'price_in_category', mean: 0, deviation: 1 });
  for (let row = at; row < values.length; row += features.length) expect(Math.abs(values[row]!)).toBe(0);
});

test('behaviours that no event has are named with those that there are', async () => {
  const world = randomWorld(7);
  const called = (names: Readonly<Record<string, string>>) => ({
    ...world,
    events: world.events.map((event) => ({ ...event, behavior: names[event.behavior] ?? event.behavior })),
  });
  // A name of one's own that is nowhere is a mistake; a log without carts, by their usual name, may just be so.
  await expect(prepare(called({ view: 'seen' }), 'items', 'mine')).rejects.toThrow(
    /^Cannot compute ranking features: no event has action view \(features\.ranking\.click\); the values of action are .*seen \(\d+\)/,
  );
  const { logged } = await prepare(called({ cart: 'basket' }), 'items', 'mine');
  expect(logged[0]).toMatch(
    /^warn no event has action cart \(features\.ranking\.cart\); the values of action are .*; ranking features of it are all the same$/,
  );
});
