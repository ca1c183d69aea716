/** What preprocessing must give for a world, worked out the slow way from the words of docs/prepared-format.md. */
import { createHash } from 'node:crypto';
import { DAY, EVALUATION_FROM, type EventRow, FLAT, type SampleRow, START, type World } from './world.js';

const md5 = (text: string) => Number.parseInt(createHash('md5').update(text).digest('hex').slice(0, 8), 16);
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

export const TASKS = ['clicks', 'follows', 'orders', 'levels', 'buys'] as const;
type Task = (typeof TASKS)[number];
const judgesItem = (task: Task) => task === 'clicks' || task === 'buys' || task === 'orders';
const hasPage = (task: Task) => task === 'clicks' || task === 'buys';
type Tuple = readonly [item: string, shop: string, brand: string, tags: string];
const key = (tuple: readonly string[]) => JSON.stringify(tuple);

interface Counted {
  readonly counts: Map<string, number>;
  readonly minCount?: number;
  readonly maxSize?: number;
  readonly buckets?: number;
}

/** The row of a value: missing, in the vocabulary, or a bucket. */
function indexer(field: string, { counts, minCount = 1, maxSize = Infinity, buckets = 1 }: Counted) {
  const kept = [...counts]
    .filter(([value]) => value !== '')
    .sort(([a, n], [b, m]) => m - n || byBytes(a, b))
    .filter(([, n], place) => n >= minCount && place < maxSize)
    .map(([value]) => value);
  const index = (value: string) => {
    if (value === '') return 0;
    const place = kept.indexOf(value);
    return place >= 0 ? 1 + buckets + place : 1 + (md5(`${field}:${value}`) % buckets);
  };
  return { index, rows: 1 + buckets + kept.length };
}

interface Valued {
  /** Not there for a row that no table has. */
  readonly value: number | null | undefined;
  /** Whether training knows the row. */
  readonly known: boolean;
}

/** A number by mean and population deviation of the known rows; the missing value is 0. */
function normalised(rows: readonly Valued[], scale: 'linear' | 'log') {
  const scaled = rows.map(({ value }) => {
    if (value == null || scale === 'linear') return value ?? null;
    return value > 0 ? Math.log(value) : null;
  });
  const known = scaled.filter((value, at) => value !== null && rows[at]!.known) as number[];
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length);
  const deviation = new Set(known).size > 1 ? Math.sqrt(square) : 1;
  return {
    mean,
    deviation,
    values: scaled.map((value) => (value === null ? 0 : (value - mean) / deviation)),
  };
}

function countOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

export function expectedOf(world: World) {
  const training = world.events.filter(({ time }) => time < EVALUATION_FROM);
  const table = new Map([...world.items].reverse().map((row) => [row.item, row]));
  const tupleOf = (item: string, shop: string): Tuple => [
    item,
    shop,
    table.get(item)?.brand ?? '',
    table.get(item)?.tags ?? '',
  ];
  const inPeriod = (task: Task, { time }: SampleRow) =>
    task !== 'clicks' || time >= START + DAY || time >= EVALUATION_FROM;
  const candidates = [...world.clicks, ...world.buys, ...world.orders].map(({ item }) => item);

  const inLog = world.events.map((e) => tupleOf(e.item, e.shop));
  const logItems = new Set(world.events.map(({ item }) => item));
  const others = [...world.items.map(({ item }) => item), ...candidates].filter(
    (item) => !logItems.has(item),
  );
  const tuples = [
    ...new Map([...inLog, ...others.map((item) => tupleOf(item, ''))].map((t) => [key(t), t])).values(),
  ];
  tuples.sort(
    (a, b) => byBytes(a[0], b[0]) || byBytes(a[1], b[1]) || byBytes(a[2], b[2]) || byBytes(a[3], b[3]),
  );
  const rowOf = new Map(tuples.map((tuple, row) => [key(tuple), row]));

  const users = [
    ...new Set([
      ...world.events.map(({ user }) => user),
      ...world.users.map(({ user }) => user),
      ...[...world.clicks, ...world.buys, ...world.levels, ...world.follows, ...world.orders].map(
        ({ user }) => user,
      ),
    ]),
  ].sort(byBytes);
  const isValidation = (user: string) => md5(`validation:${user}`) < Math.round(0.3 * 2 ** 32);
  const splitOf = ({ user, time }: SampleRow) => (time >= EVALUATION_FROM ? 2 : isValidation(user) ? 1 : 0);

  // Requests: one per id, or per user and time.
  const asked = TASKS.flatMap((task) =>
    world[task].filter((sample) => inPeriod(task, sample)).map((sample) => ({ task, sample })),
  );
  const keyOf = (task: Task, s: SampleRow) =>
    key([s.request, s.user, `${s.time}`, s.request === '' && hasPage(task) ? s.query : '']);
  const requests = [
    ...new Map(
      [...asked].reverse().map(({ task, sample }) => {
        const key = keyOf(task, sample);
        return [key, { ...sample, key, words: (JSON.parse(key) as string[])[3]! }];
      }),
    ).values(),
  ];
  requests.sort(
    (a, b) =>
      splitOf(a) - splitOf(b) ||
      a.time - b.time ||
      users.indexOf(a.user) - users.indexOf(b.user) ||
      byBytes(a.request, b.request) ||
      byBytes(a.words, b.words),
  );
  type Request = (typeof requests)[number];
  // The page is known from the first sample of clicks or buys.
  const firstOf = (request: Request) =>
    asked.find(({ task, sample }) => hasPage(task) && keyOf(task, sample) === request.key)?.sample;
  const pageOf = (request: Request) => firstOf(request)?.page ?? '';
  const wordsOf = (request: Request) =>
    (firstOf(request)?.query ?? '').normalize('NFC').toLowerCase().split(/\s+/u).filter(Boolean);
  const requestAt = new Map(requests.map((request, at) => [request.key, at]));

  const stream = (user: string): EventRow[] =>
    world.events.filter((e) => e.user === user).sort((a, b) => a.time - b.time);
  const candidateRow = ({ item, time }: SampleRow) => {
    const mine = world.events.filter((e) => e.item === item);
    const ordered = [...mine].sort((a, b) => a.time - b.time);
    const before = ordered.filter((e) => e.time < time).at(-1) ?? ordered[0];
    return rowOf.get(key(tupleOf(item, before?.shop ?? '')))!;
  };

  // How often each item row came up before the evaluation period.
  const sampleRows = asked
    .filter(({ task, sample }) => judgesItem(task) && sample.time < EVALUATION_FROM)
    .map(({ sample }) => candidateRow(sample));
  const counted = (valuesOf: (tuple: Tuple) => readonly string[]) => {
    const events = countOf(training.flatMap((e) => valuesOf(tupleOf(e.item, e.shop))));
    const samples = countOf(sampleRows.flatMap((row) => valuesOf(tuples[row]!)));
    for (const [value, n] of samples) if (!events.has(value)) events.set(value, n);
    return events;
  };
  const tagsOf = (tuple: Tuple) => [...new Set(tuple[3].split('|').filter((tag) => tag !== ''))];
  const item = {
    item: indexer('item', { counts: counted(([id]) => [id]), minCount: 3, buckets: 2 }),
    shop: indexer('shop', { counts: counted(([, shop]) => [shop]) }),
    brand: indexer('brand', { counts: counted(([, , brand]) => [brand]) }),
    tags: indexer('tags', { counts: counted(tagsOf), maxSize: 2 }),
  };
  const dayOf = (time: number) => DAYS[(new Date((time + 8 * 3600) * 1000).getUTCDay() + 6) % 7]!;
  const behavior = indexer('behavior', { counts: countOf(training.map((e) => e.behavior)) });
  const day = indexer('dayOfWeek', { counts: countOf(training.map((e) => dayOf(e.time))) });
  const device = indexer('device', { counts: countOf(training.map((e) => e.device)) });
  const met = new Set([
    ...training.map(({ user }) => user),
    ...requests.filter((r) => splitOf(r) < 2).map(({ user }) => user),
  ]);
  const age = indexer('age', {
    counts: countOf(world.users.filter(({ user }) => met.has(user)).map((u) => u.age)),
  });
  const page = indexer('page', {
    counts: countOf(requests.filter((r) => splitOf(r) < 2).map(pageOf)),
  });

  const word = indexer('word', {
    counts: countOf(requests.filter((r) => splitOf(r) < 2).flatMap(wordsOf)),
    minCount: 9,
    buckets: 2,
  });

  const endOf = (r: SampleRow) => stream(r.user).filter(({ time }) => time < r.time).length;
  const samplesOf = (task: Task) => {
    const mine = asked
      .filter((a) => a.task === task)
      .map(({ sample }) => ({ sample, request: requestAt.get(keyOf(task, sample))! }));
    mine.sort((a, b) => a.request - b.request);
    return {
      offsets: [...requests.keys(), requests.length].map((r) => mine.filter((m) => m.request < r).length),
      candidate:
        task === 'levels'
          ? []
          : mine.map(({ sample }) =>
              judgesItem(task) ? candidateRow(sample) : shopIds.indexOf(sample.item),
            ),
      label: mine.map(({ sample }) => sample.label),
      weight: mine.map(({ sample }) => (task === 'clicks' || task === 'orders' ? sample.weight : 1)),
    };
  };
  const rankingOf = () => {
    const mine = asked.filter(({ task }) => task === 'orders').map(({ sample }) => sample);
    const prices = mine.flatMap((s) => (splitOf(s) === 0 && s.price != null ? [s.price] : []));
    const mean = prices.reduce((a, b) => a + b, 0) / prices.length;
    const deviation = Math.sqrt(prices.reduce((sum, p) => sum + (p - mean) ** 2, 0) / prices.length);
    const at = (sample: SampleRow) => requestAt.get(keyOf('orders', sample))!;
    const sorted = [...mine].sort((a, b) => at(a) - at(b));
    return {
      mean,
      deviation,
      values: sorted.flatMap((s) => [1, s.price == null ? 0 : (s.price - mean) / deviation, 0]),
    };
  };
  const shopIds = [
    ...new Set([...world.shops.map(({ shop }) => shop), ...world.follows.map((s) => s.item)]),
  ].sort(byBytes);
  const shops = shopIds.map(
    (id) => world.shops.find(({ shop }) => shop === id) ?? { shop: id, tags: '', style: '' },
  );
  const style = indexer('style', {
    counts: countOf(
      world.follows
        .filter(({ time }) => time < EVALUATION_FROM)
        .map((s) => shops[shopIds.indexOf(s.item)]!.style),
    ),
    minCount: 6,
  });
  const knownItems = new Set([
    ...training.map((e) => rowOf.get(key(tupleOf(e.item, e.shop)))!),
    ...sampleRows,
  ]);
  const itemNumber = (scale: 'linear' | 'log', column: 'price' | 'rating' | number) =>
    normalised(
      tuples.map(([id], row) => {
        const found = table.get(id);
        return {
          value: typeof column === 'number' ? found && column : found?.[column],
          known: knownItems.has(row),
        };
      }),
      scale,
    );
  const judgedShops = new Set(world.follows.filter(({ time }) => time < EVALUATION_FROM).map((s) => s.item));
  const shopNumber = (scale: 'linear' | 'log', column: 'sales' | 'age') =>
    normalised(
      shopIds.map((id) => ({
        value: world.shops.find(({ shop }) => shop === id)?.[column],
        known: judgedShops.has(id),
      })),
      scale,
    );
  const ageOf = (user: string) => age.index(world.users.find((u) => u.user === user)?.age ?? '');
  const labelsOf = (tags: string) => [...new Set(tags.split('|').filter((tag) => tag !== ''))];
  const events = users.flatMap(stream);
  return {
    items: {
      count: tuples.length,
      item: tuples.map(([id]) => item.item.index(id)),
      shop: tuples.map(([, shop]) => item.shop.index(shop)),
      brand: tuples.map(([, , brand]) => item.brand.index(brand)),
      tags: tuples.flatMap((tuple) => tagsOf(tuple).map(item.tags.index)),
      tagOffsets: [0, ...tuples.keys()].map((_, at) => tuples.slice(0, at).flatMap(tagsOf).length),
    },
    itemNumbers: {
      price: itemNumber('log', 'price'),
      stars: itemNumber('linear', 'rating'),
      flat: itemNumber('linear', FLAT),
      debt: itemNumber('log', -FLAT),
    },
    shopNumbers: { sales: shopNumber('log', 'sales'), years: shopNumber('linear', 'age') },
    wordRows: word.rows,
    rows: { item: item.item.rows, shop: item.shop.rows, brand: item.brand.rows, tags: item.tags.rows },
    streams: {
      offsets: [0, ...users.keys()].map((_, at) => users.slice(0, at).flatMap(stream).length),
      item: events.map((e) => rowOf.get(key(tupleOf(e.item, e.shop)))!),
      property: events.map((e) => behavior.index(e.behavior) + behavior.rows * day.index(dayOf(e.time))),
      time: events.map((e) => e.time),
      device: events.map((e) => device.index(e.device)),
      age: users.map((user) => ageOf(user)),
    },
    requests: {
      user: requests.map((r) => users.indexOf(r.user)),
      time: requests.map((r) => r.time),
      end: requests.map(endOf),
      split: requests.map(splitOf),
      device: requests.map((r) => {
        const last = stream(r.user)[endOf(r) - 1];
        return last ? device.index(last.device) : 0;
      }),
      age: requests.map((r) => ageOf(r.user)),
      page: requests.map((r) => page.index(pageOf(r))),
      words: requests.flatMap((r) => wordsOf(r).map(word.index)),
      wordOffsets: [...requests.keys(), requests.length].map(
        (at) => requests.slice(0, at).flatMap(wordsOf).length,
      ),
    },
    clicks: samplesOf('clicks'),
    buys: samplesOf('buys'),
    levels: samplesOf('levels'),
    follows: samplesOf('follows'),
    orders: samplesOf('orders'),
    ranking: rankingOf(),
    shops: {
      shop: shops.map(({ shop }) => item.shop.index(shop)),
      style: shops.map((s) => style.index(s.style)),
      labels: shops.flatMap(({ tags }) => labelsOf(tags).map(item.tags.index)),
      labelOffsets: [0, ...shops.keys()].map(
        (_, at) => shops.slice(0, at).flatMap(({ tags }) => labelsOf(tags)).length,
      ),
      styleRows: style.rows,
    },
  };
}
