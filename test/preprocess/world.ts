/** A small random shop with everything that makes preprocessing hard, as tables in memory and as files on disk. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../../src/common/random.js';

export interface EventRow {
  readonly user: string;
  readonly item: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly behavior: string;
  /** Empty for a shop that is not known. */
  readonly shop: string;
  readonly device: string;
}

export interface SampleRow {
  /** Empty in the table without request ids. */
  readonly request: string;
  readonly user: string;
  readonly time: number;
  readonly item: string;
  readonly label: number;
  readonly page: string;
  /** Of clicks and buys only. */
  readonly query: string;
  readonly weight: number;
  /** Ranking features; null for an empty cell. */
  readonly price?: number | null;
  readonly sales?: number | null;
}

export interface ItemRow {
  readonly item: string;
  readonly brand: string;
  readonly tags: string;
  /** null for an empty cell, of rating too. */
  readonly price: number | null;
  readonly rating: number | null;
}

export interface ShopRow {
  readonly shop: string;
  readonly tags: string;
  readonly style: string;
  /** null for an empty cell, of age too. */
  readonly sales: number | null;
  readonly age: number | null;
}

export interface World {
  readonly events: readonly EventRow[];
  /** The second one of an id does not count. */
  readonly items: readonly ItemRow[];
  readonly users: readonly { readonly user: string; readonly age: string }[];
  readonly clicks: readonly SampleRow[];
  readonly buys: readonly SampleRow[];
  /** Of shops; the second one of an id does not count. */
  readonly shops: readonly ShopRow[];
  /** About shops: items are shop ids. */
  readonly follows: readonly SampleRow[];
  /** Items to rank. */
  readonly orders: readonly SampleRow[];
  /** About the user alone: items are empty, labels 0 to 2. */
  readonly levels: readonly SampleRow[];
}

/** 2020-01-01 00:00:00 UTC; the world lasts ten days and is evaluated on the last two. */
export const START = 1_577_836_800;
export const DAY = 86_400;
export const EVALUATION_FROM = START + 8 * DAY;

/** What every item has under `flat`, and its negative under `debt`. */
export const FLAT = 0.1;

export function randomWorld(seed: number, numEvents: number): World {
  const random = createRandom(seed, 'world');
  const numbers = createRandom(seed, 'numbers');
  const pick = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
  const users = Array.from({ length: 12 }, (_, u) => `u${u * 7}`);
  const items = Array.from({ length: 25 }, (_, i) => (i === 3 ? 'l,"q"' : `商品${i}`));
  // One of a kind that is missing, at 0 or below it, now and then.
  const number = () => {
    const value = Math.round(1000 * Math.exp(2 * numbers.normal())) / 100;
    return [null, 0, -value, value, value, value, value][numbers.integer(7)]!;
  };
  const rating = () => (numbers.integer(4) === 0 ? null : numbers.integer(41) / 10 - 2);
  // Few distinct times, so that ties abound.
  const time = () => START + random.integer(60) * (DAY / 6);
  const sample = (request: string, user: string, at: number, candidates: readonly string[]): SampleRow => ({
    request,
    user,
    time: at,
    item: pick(candidates),
    label: random.integer(2),
    page: pick(['home', 'search', '']),
    query: pick(['', 'Rotes Kleid', 'kleid', '  KLEID\u3000rot  rot', 'e\u0301te\u0301 2020', '连衣裙']),
    weight: 1 + random.integer(3),
  });
  const known = items.slice(0, 20);
  // Each judged by one user alone, of training or of validation; the last one in the evaluation period alone.
  const ownShops = users.map((user) => `own ${user}`);
  const late = 'late';
  const clicks = Array.from({ length: 60 }, (_, r) => {
    const [user, at] = [pick([...users, 'stranger']), time() + random.integer(2)];
    return Array.from({ length: 1 + random.integer(3) }, () =>
      sample(`r${r}`, user, at, [...items, 'unseen']),
    );
  }).flat();
  return {
    events: Array.from({ length: numEvents }, () => ({
      user: pick(users),
      item: pick(known),
      time: time(),
      behavior: pick(['click', 'click', 'click', 'buy', 'cart']),
      shop: pick(['s1', 's2', '']),
      device: pick(['phone', 'desk', '']),
    })),
    items: [...items.slice(0, 22), ...items.slice(4, 8)].map((item) => ({
      item,
      brand: pick(['b1', 'b2', '']),
      tags: Array.from({ length: random.integer(4) }, () => pick(['red', 'blue', 'new', 'sale'])).join('|'),
      price: number(),
      rating: rating(),
    })),
    users: users.slice(0, 9).map((user) => ({ user, age: pick(['20', '30', '']) })),
    clicks,
    buys: Array.from({ length: 40 }, () => sample('', pick(users), time(), items)),
    shops: ['s9', 's1', 's3', 's2', 's1', ...ownShops, late].map((shop) => ({
      shop,
      tags: pick(['red|new', 'new|old|new', '', 'blue']),
      style: pick(['cute', 'plain', '']),
      sales: number(),
      age: rating(),
    })),
    follows: [
      ...Array.from({ length: 50 }, () => sample('', pick(users), time(), ['s1', 's2', 's3', 's4'])),
      ...users.map((user, at) => sample('', user, START + DAY + at, [ownShops[at]!])),
      sample('', users[0]!, EVALUATION_FROM + DAY, [late]),
    ],
    orders: Array.from({ length: 60 }, () => ({
      ...sample('', pick(users), time(), items),
      price: random.integer(4) === 0 ? null : random.integer(500) / 10,
      sales: 7,
    })),
    levels: Array.from({ length: 40 }, () => ({
      ...sample('', pick(users), time(), ['']),
      label: random.integer(3),
    })),
  };
}

const cell = (text: string | number) =>
  /[",\n]/.test(`${text}`) ? `"${`${text}`.replaceAll('"', '""')}"` : `${text}`;

/** Writes the tables as CSV, and returns the YAML that reads them. */
export async function writeWorld(folder: string, world: World, more = ''): Promise<string> {
  await mkdir(folder, { recursive: true });
  const write = (name: string, header: string, rows: readonly (readonly (string | number)[])[]) =>
    writeFile(join(folder, name), `${[header, ...rows.map((row) => row.map(cell).join(','))].join('\n')}\n`);
  await write(
    'events.csv',
    'user_id,item_id,time,behavior,shop,device',
    world.events.map((e) => [e.user, e.item, e.time, e.behavior, e.shop, e.device]),
  );
  await write(
    'items.csv',
    'item_id,brand,tags,price,rating,flat,debt',
    world.items.map((i) => [i.item, i.brand, i.tags, i.price ?? '', i.rating ?? '', FLAT, -FLAT]),
  );
  await write(
    'users.csv',
    'user_id,age',
    world.users.map((u) => [u.user, u.age]),
  );
  const samples = (rows: readonly SampleRow[]) =>
    rows.map((s) => [s.request, s.user, s.time, s.item, s.label, s.page, s.weight, s.query]);
  const header = 'request_id,user_id,time,item_id,label,page,weight,words';
  await write('clicks.csv', header, samples(world.clicks));
  await write('buys.csv', header, samples(world.buys));
  await write(
    'shops.csv',
    'shop_id,tags,style,sales,age',
    world.shops.map((s) => [s.shop, s.tags, s.style, s.sales ?? '', s.age ?? '']),
  );
  await write(
    'follows.csv',
    'user_id,time,shop_id,label',
    world.follows.map((s) => [s.user, s.time, s.item, s.label]),
  );
  await write(
    'orders.csv',
    'user_id,time,item_id,label,price,sales,weight',
    world.orders.map((s) => [s.user, s.time, s.item, s.label, s.price ?? '', s.sales ?? '', s.weight]),
  );
  await write(
    'levels.csv',
    'user_id,time,label',
    world.levels.map((s) => [s.user, s.time, s.label]),
  );
  return `
name: world
data:
  root: ${folder}
  timeZone: Asia/Shanghai
  log: { files: events.csv, time: { column: time, format: seconds } }
  items: { files: items.csv }
  users: { files: users.csv }
features:
  item:
    item: { size: 4, minCount: 3, buckets: 2 }
    shop: { size: 4, from: log }
    brand: { size: 4 }
    tags: { size: 4, separator: "|", maxSize: 2 }
  itemNumbers:
    price: { scale: log }
    stars: { column: rating }
    flat: {}
    debt: { scale: log }
  properties:
    behavior: { size: 2 }
    dayOfWeek: { time: dayOfWeek, size: 2 }
  user:
    device: { from: lastEvent }
    age: { from: users }
    page: { from: request, tasks: [clicks, buys] }
  query: { column: words, tasks: [clicks, buys], minCount: 9, buckets: 2 }
entities:
  shop:
    table: { files: shops.csv }
    fields:
      shop: {}
      labels: { column: tags, shares: tags, separator: "|" }
      style: { size: 4, minCount: 6 }
    numbers: { sales: { scale: log }, years: { column: age } }
split: { evaluationFrom: 2020-01-09 08:00:00, validationUsers: 0.3 }
tasks:
  clicks:
    kind: binary
    trainFrom: 2020-01-02 08:00:00
    samples: { files: clicks.csv, request: request_id, time: { column: time, format: seconds }, weight: weight, keep: [page] }
  follows:
    kind: binary
    candidate: shop
    samples: { files: follows.csv, time: { column: time, format: seconds } }
  orders:
    kind: rank
    samples:
      files: orders.csv
      time: { column: time, format: seconds }
      weight: weight
      features: [price, sales]
  levels:
    kind: multiclass
    classes: 3
    samples: { files: levels.csv, time: { column: time, format: seconds } }
  buys:
    kind: binary
    samples: { files: buys.csv, time: { column: time, format: seconds } }
${more}`;
}
