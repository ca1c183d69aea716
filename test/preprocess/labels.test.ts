/** Labels from the log against the words of docs/labels.md, worked out the slow way on random logs. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { createRandom } from '../../src/common/random.js';
import { parseConfig } from '../../src/config/load.js';
import { hash32 } from '../../src/features/hash32.js';
import { preprocess } from '../../src/preprocess/preprocess.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const START = 1_577_836_800; // 2020-01-01 00:00:00 UTC
const OFFSET = 8 * HOUR; // Asia/Shanghai
const EVALUATION_FROM = START + 8 * DAY - OFFSET;

interface Event {
  readonly user: string;
  readonly item: string;
  readonly time: number;
  readonly behavior: string;
  readonly shop: string;
  /** Of the item, but another one from event to event; empty where it is not known. */
  readonly color: string;
}

interface Shown {
  readonly user: string;
  readonly item: string;
  readonly time: number;
}

interface World {
  readonly events: readonly Event[];
  readonly items: ReadonlyMap<string, { readonly category: string; readonly price: number | null }>;
  readonly shown: readonly Shown[];
}

function randomWorld(seed: number): World {
  const random = createRandom(seed, 'labels');
  const pick = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
  const items = Array.from({ length: 30 }, (_, i) => `i${i}`);
  // Many at one moment, and many within the same second.
  const time = () => START + random.integer(10 * 48) * (HOUR / 2) + pick([0, 0, 0, 0.25, 0.75]);
  const events = Array.from({ length: 400 }, () => ({
    user: pick(['a', 'b', 'c', 'd', 'e']),
    item: items[Math.min(random.integer(30), random.integer(30))]!,
    time: time(),
    behavior: pick(['click', 'click', 'cart', 'buy']),
    shop: pick(['s1', 's2', 's3', '']),
    color: pick(['red', 'blue', '']),
  }));
  return {
    events,
    items: new Map(
      items.map((item) => [
        item,
        { category: pick(['x', 'y', '']), price: random.integer(5) === 0 ? null : 1 + random.integer(40) },
      ]),
    ),
    shown: Array.from({ length: 80 }, () => ({
      user: pick(['a', 'b', 'new']),
      item: pick(items),
      time: random.integer(2) === 0 ? time() : pick(events).time,
    })),
  };
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-labels-'));
});

async function prepare({ events, items, shown }: World, split: string) {
  const csv = (name: string, header: string, rows: readonly (readonly unknown[])[]) =>
    writeFile(join(folder, name), `${[header, ...rows.map((row) => row.join(','))].join('\n')}\n`);
  await csv(
    'events.csv',
    'user_id,item_id,time,behavior,shop_id,color',
    events.map((e) => [e.user, e.item, e.time, e.behavior, e.shop, e.color]),
  );
  await csv(
    'items.csv',
    'item_id,category,price',
    [...items].map(([item, { category, price }]) => [item, category, price ?? '']),
  );
  await csv(
    'shown.csv',
    'user_id,item_id,time',
    shown.map((s) => [s.user, s.item, s.time]),
  );
  const yaml = `
name: labels
data:
  root: ${folder}
  timeZone: Asia/Shanghai
  log: { files: events.csv, time: { column: time, format: seconds } }
  items: { files: items.csv }
features:
  item: { item: { size: 4 }, category: { size: 4 }, color: { size: 2, from: log } }
  properties: { behavior: {} }
entities:
  shop: { fields: { shop: { size: 4 } } }
split: ${split}
tasks:
  session:
    kind: binary
    labels:
      requests: sessionStart
      sessionGap: 5h
      positives: { behavior: [buy, cart] }
      within: 1d
      weightBy: { behavior: { buy: 4, cart: 2 } }
      negatives: { by: uniform, within: category, perPositive: 2, seed: 7 }
  day:
    kind: binary
    candidate: shop
    labels: { requests: dayStart, positives: { behavior: [buy] }, within: 1d, negatives: { perPositive: 1 } }
  drift:
    kind: binary
    labels:
      requests: sessionStart
      sessionGap: 3h
      positives: { behavior: [buy] }
      within: 6h
      negatives: { within: color, perPositive: 2, seed: 3 }
  moment:
    kind: binary
    labels: { requests: positive, positives: { behavior: [buy] }, negatives: {} }
  shown:
    kind: binary
    samples: { files: shown.csv, time: { column: time, format: seconds } }
    labels: { positives: { behavior: [click, buy] }, within: 12h, weightBy: { behavior: { buy: 4 } } }
  level:
    kind: multiclass
    classes: 3
    labels: { requests: sessionStart, sessionGap: 5h, next: { behavior: [buy] }, within: 2d, level: { column: price, within: category } }
  asked:
    kind: multiclass
    classes: 4
    samples: { files: shown.csv, time: { column: time, format: seconds } }
    labels: { next: { behavior: [buy] }, within: 1d, level: { column: price } }
`;
  const config = parseConfig(yaml, join(folder, 'labels.yaml'));
  return preprocess({ config, folder: join(folder, 'out'), force: false, context: silentContext });
}

interface Sample {
  readonly user: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly candidate: string;
  readonly label: number;
  readonly weight: number;
}

async function samplesOf(task: string, candidates: boolean): Promise<Sample[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT r.user_id, epoch(r."time"), ${candidates ? 's.candidate' : "''"}, s.label, s.weight
     FROM '${folder}/out/samples/${task}/samples.parquet' s JOIN '${folder}/out/requests/requests.parquet' r USING (request)`,
  );
  const rows = reader.getRows().map(([user, time, candidate, label, weight]) => ({
    user: String(user),
    time: Number(time),
    candidate: String(candidate),
    label: Number(label),
    weight: Number(weight),
  }));
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const key = (sample: Sample) =>
  [sample.time, sample.user, sample.candidate, sample.label, sample.weight].join(' ');
const sorted = (samples: readonly Sample[]) => samples.map(key).sort();

/** The rules of docs/labels.md, event by event. */
class Expected {
  readonly #byTime: readonly Event[];
  readonly #ends: (time: number) => number;

  constructor(
    private readonly world: World,
    validationFrom: number | null,
    private readonly evaluationTo: number | null = null,
  ) {
    this.#byTime = world.events.map((event) => event).sort((a, b) => a.time - b.time);
    const lastDay = Math.floor((this.#byTime.at(-1)!.time + OFFSET) / DAY);
    const logEnd = (lastDay + 1) * DAY - OFFSET;
    this.#ends = (time) => {
      if (time >= EVALUATION_FROM) return Math.min(logEnd, evaluationTo ?? logEnd);
      return validationFrom !== null && time < validationFrom ? validationFrom : EVALUATION_FROM;
    };
  }

  /** Whether the label of a request is decided within the part that it belongs to. */
  inPart = (time: number, span: number) => time + span <= this.#ends(time);

  sessionStarts(gap: number) {
    return this.#byTime.filter(
      ({ user, time }) =>
        !this.world.events.some((e) => e.user === user && e.time < time && e.time >= time - gap),
    );
  }

  dayStarts() {
    return this.world.events.map(({ user, time }) => ({
      user,
      time: Math.floor((time + OFFSET) / DAY) * DAY - OFFSET,
    }));
  }

  /** Each request once. */
  requests(places: readonly { readonly user: string; readonly time: number }[], span: number) {
    const found = new Map(places.map(({ user, time }) => [`${user} ${time}`, { user, time }]));
    return [...found.values()].filter(({ time }) => this.inPart(time, span));
  }

  within(user: string, from: number, span: number, behaviors: readonly string[]) {
    return this.#byTime.filter(
      (e) => e.user === user && e.time >= from && e.time < from + span && behaviors.includes(e.behavior),
    );
  }

  positives(
    requests: readonly { readonly user: string; readonly time: number }[],
    span: number,
    behaviors: readonly string[],
    candidateOf: (event: Event) => string,
    weights: Readonly<Record<string, number>> = {},
  ): Sample[] {
    return requests.flatMap(({ user, time }) => {
      const best = new Map<string, number>();
      for (const event of this.within(user, time, span, behaviors)) {
        const candidate = candidateOf(event);
        if (candidate === '') continue;
        best.set(candidate, Math.max(best.get(candidate) ?? 0, weights[event.behavior] ?? 1));
      }
      return [...best].map(([candidate, weight]) => ({ user, time, candidate, label: 1, weight }));
    });
  }

  /** That of the item's first event. */
  colorOf = (item: string) => this.#byTime.find((event) => event.item === item)!.color;

  /** The draws of each positive, as the document says. */
  negatives(
    task: string,
    positives: readonly Sample[],
    options: {
      readonly seed: number;
      readonly perPositive: number;
      readonly by: 'uniform' | 'popularity';
      readonly candidateOf: (event: Event) => string;
      readonly kinOf: (candidate: string) => string;
    },
  ): Sample[] {
    const { seed, perPositive, by, candidateOf, kinOf } = options;
    const pool = (time: number, kin: string) => {
      const counts = new Map<string, number>();
      for (const event of this.world.events) {
        const candidate = candidateOf(event);
        if (candidate === '' || kinOf(candidate) !== kin) continue;
        if (event.time >= (time < EVALUATION_FROM ? EVALUATION_FROM : (this.evaluationTo ?? Infinity)))
          continue;
        counts.set(candidate, (counts.get(candidate) ?? 0) + 1);
      }
      return [...counts]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([candidate, n]) => Array<string>(by === 'uniform' ? 1 : n).fill(candidate));
    };
    const requests = new Map<string, Sample[]>();
    for (const positive of positives) {
      const request = `${positive.user} ${positive.time}`;
      requests.set(request, [...(requests.get(request) ?? []), positive]);
    }
    return [...requests.values()].flatMap((mine) => {
      const taken = new Set(mine.map(({ candidate }) => candidate));
      // In order of the draw's number, then of the positive: who draws a candidate first has it.
      const draws = mine.flatMap(({ user, time, candidate }) => {
        const among = pool(time, kinOf(candidate));
        return Array.from({ length: 2 * perPositive + 8 }, (_, k) => {
          const hash = hash32(`negative:${task}:${seed}:${user}:${BigInt(time * 1e6)}:${candidate}:${k}`);
          return {
            positive: candidate,
            k,
            drawn: among[Number((BigInt(hash) * BigInt(among.length)) / 2n ** 32n)]!,
          };
        });
      });
      draws.sort((a, b) => a.k - b.k || (a.positive < b.positive ? -1 : 1));
      const met = new Set<string>();
      const got = new Map<string, number>();
      return draws.flatMap(({ positive, drawn }) => {
        if (met.has(drawn) || taken.has(drawn)) return [];
        met.add(drawn);
        const place = (got.get(positive) ?? 0) + 1;
        got.set(positive, place);
        const { user, time } = mine[0]!;
        return place <= perPositive ? [{ user, time, candidate: drawn, label: 0, weight: 1 }] : [];
      });
    });
  }

  /** Levels of the next purchase; null where there is none. */
  level(
    request: { user: string; time: number },
    span: number,
    classes: number,
    byCategory: boolean,
  ): number | null {
    const { items, events } = this.world;
    const next = this.within(request.user, request.time, span, ['buy']).find(
      ({ item }) => items.get(item)!.price !== null,
    );
    if (!next) return null;
    const counted = events.filter(
      (e) => e.behavior === 'buy' && e.time < EVALUATION_FROM && items.get(e.item)!.price !== null,
    );
    const { category, price } = items.get(next.item)!;
    const kin = counted.filter(({ item }) => items.get(item)!.category === category);
    const among = byCategory && category !== '' && kin.length >= classes ? kin : counted;
    const prices = among.map(({ item }) => items.get(item)!.price!).sort((a, b) => a - b);
    const bounds = Array.from({ length: classes - 1 }, (_, k) => {
      const place = Math.ceil(((k + 1) / classes) * prices.length - 1e-9) - 1;
      return prices[Math.max(0, place)]!;
    });
    return bounds.filter((bound) => price! > bound).length;
  }
}

test.each([
  [1, '{ evaluationFrom: 2020-01-09, validationUsers: 0.3 }', null, null],
  [2, '{ evaluationFrom: 2020-01-09, validationLastDays: 2 }', EVALUATION_FROM - 2 * DAY, null],
  [3, '{ evaluationFrom: 2020-01-09, validationLastDays: 1 }', EVALUATION_FROM - DAY, null],
  [
    4,
    '{ evaluationFrom: 2020-01-09, evaluationTo: 2020-01-10 12:00, validationUsers: 0.3 }',
    null,
    EVALUATION_FROM + 36 * HOUR,
  ],
  [
    5,
    '{ evaluationFrom: 2020-01-09, evaluationTo: 2020-01-20, validationUsers: 0.3 }',
    null,
    START + 19 * DAY,
  ],
])('labels equal the slow way, world %i', async (seed, split, validationFrom, evaluationTo) => {
  const world = randomWorld(seed);
  const { manifest } = await prepare(world, split);
  const expected = new Expected(world, validationFrom, evaluationTo);
  const itemOf = (event: Event) => event.item;

  const sessions = expected.requests(expected.sessionStarts(5 * HOUR), DAY);
  const carts = expected.positives(sessions, DAY, ['buy', 'cart'], itemOf, { buy: 4, cart: 2 });
  const cartNegatives = expected.negatives('session', carts, {
    seed: 7,
    perPositive: 2,
    by: 'uniform',
    candidateOf: itemOf,
    kinOf: (item) => world.items.get(item)!.category,
  });
  expect(sorted(await samplesOf('session', true))).toEqual(sorted([...carts, ...cartNegatives]));
  expect(cartNegatives.length).toBeGreaterThan(carts.length);

  const shopOf = (event: Event) => event.shop;
  const days = expected.requests(expected.dayStarts(), DAY);
  const shops = expected.positives(days, DAY, ['buy'], shopOf);
  const shopNegatives = expected.negatives('day', shops, {
    seed: 1,
    perPositive: 1,
    by: 'popularity',
    candidateOf: shopOf,
    kinOf: () => '',
  });
  expect(sorted(await samplesOf('day', true))).toEqual(sorted([...shops, ...shopNegatives]));

  const visits = expected.requests(expected.sessionStarts(3 * HOUR), 6 * HOUR);
  const bought = expected.positives(visits, 6 * HOUR, ['buy'], itemOf);
  const sameColor = expected.negatives('drift', bought, {
    seed: 3,
    perPositive: 2,
    by: 'popularity',
    candidateOf: itemOf,
    kinOf: expected.colorOf,
  });
  expect(sorted(await samplesOf('drift', true))).toEqual(sorted([...bought, ...sameColor]));

  const buys = world.events.filter(({ behavior }) => behavior === 'buy');
  const moments = expected.positives(expected.requests(buys, 1e-6), 1e-6, ['buy'], itemOf);
  const others = expected.negatives('moment', moments, {
    seed: 1,
    perPositive: 3,
    by: 'popularity',
    candidateOf: itemOf,
    kinOf: () => '',
  });
  expect(sorted(await samplesOf('moment', true))).toEqual(sorted([...moments, ...others]));

  const shown = world.shown
    .filter(({ time }) => expected.inPart(time, 12 * HOUR))
    .map(({ user, item, time }): Sample => {
      const events = expected.within(user, time, 12 * HOUR, ['click', 'buy']).filter((e) => e.item === item);
      const weight = Math.max(1, ...events.map(({ behavior }) => (behavior === 'buy' ? 4 : 1)));
      return { user, time, candidate: item, label: events.length > 0 ? 1 : 0, weight };
    });
  expect(sorted(await samplesOf('shown', true))).toEqual(sorted(shown));

  const withLevel = (
    places: readonly { user: string; time: number }[],
    span: number,
    classes: number,
    byCategory: boolean,
  ) =>
    places.flatMap(({ user, time }) => {
      const label = expected.level({ user, time }, span, classes, byCategory);
      return label === null ? [] : [{ user, time, candidate: '', label, weight: 1 }];
    });
  const coming = expected.requests(expected.sessionStarts(5 * HOUR), 2 * DAY);
  expect(sorted(await samplesOf('level', false))).toEqual(sorted(withLevel(coming, 2 * DAY, 3, true)));
  const asked = world.shown.filter(({ time }) => expected.inPart(time, DAY));
  expect(sorted(await samplesOf('asked', false))).toEqual(sorted(withLevel(asked, DAY, 4, false)));

  for (const [task, { read, kept, filtered, filteredBy }] of Object.entries(manifest.rows)) {
    expect(kept + filtered, task).toBe(read);
    expect(
      Object.values(filteredBy).reduce((a, b) => a + b, 0),
      task,
    ).toBe(filtered);
  }
  const undecided = world.shown.length - manifest.rows['samples/asked']!.kept;
  expect(manifest.rows['samples/asked']!.filtered).toBe(undecided);
});

test('what is drawn of the possible negatives is in the manifest', async () => {
  const world = randomWorld(4);
  const { manifest } = await prepare(world, '{ evaluationFrom: 2020-01-09, validationUsers: 0.3 }');
  const expected = new Expected(world, null);
  const buys = world.events.filter(({ behavior, time }) => behavior === 'buy' && time < EVALUATION_FROM);
  const moments = expected.positives(expected.requests(buys, 1e-6), 1e-6, ['buy'], ({ item }) => item);
  const pool = new Set(world.events.filter(({ time }) => time < EVALUATION_FROM).map(({ item }) => item))
    .size;
  const requests = new Set(moments.map(({ user, time }) => `${user} ${time}`)).size;
  const samples = (await samplesOf('moment', true)).filter(({ time }) => time < EVALUATION_FROM);
  const drawn = samples.filter(({ label }) => label === 0).length;
  expect(manifest.tasks.moment!.negativeRate).toBeCloseTo(drawn / (pool * requests - moments.length), 12);
  expect(manifest.tasks.shown!.negativeRate).toBeUndefined();
});

test('a history holds what lies strictly before its request, and a label what lies at it', async () => {
  const world = randomWorld(5);
  await prepare(world, '{ evaluationFrom: 2020-01-09, validationUsers: 0.3 }');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT user_id, epoch_us("time"), "end" FROM '${folder}/out/requests/requests.parquet'`,
  );
  connection.closeSync();
  instance.closeSync();
  let ties = 0;
  for (const [user, time, end] of reader.getRows()) {
    const mine = world.events.filter((event) => event.user === user);
    expect(mine.filter((event) => event.time * 1e6 < Number(time)).length).toBe(end);
    if (
      mine.some((event) => event.time * 1e6 !== Number(time) && Math.floor(event.time) * 1e6 === Number(time))
    )
      ties++;
  }
  expect(reader.getRows().length).toBeGreaterThan(50);
  expect(ties).toBeGreaterThan(0);
  // At each purchase, the purchase itself is the label.
  const moments = await samplesOf('moment', true);
  expect(moments.filter(({ label }) => label === 1).length).toBeGreaterThan(20);
});
