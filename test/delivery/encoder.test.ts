/** Code must encode as SQL did: every index, property code and number of prepared data, from the raw values again. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { loadConfig, parseConfig } from '../../src/config/load.js';
import { openNames } from '../../src/dataset/names.js';
import type { EncodedRow } from '../../src/delivery/encoded.js';
import type { RawEvent, Values } from '../../src/delivery/raw-request.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { randomWorld, type SampleRow, writeWorld } from '../preprocess/world.js';
import { cases } from '../thorough.js';
import { openEncoder, storedRow } from './open-encoder.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-encoder-'));
});
afterAll(() => rm(folder, { recursive: true }));

const root = new URL('../../', import.meta.url).pathname;
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const plain = ({ fields, numbers }: EncodedRow) => ({
  fields: fields.map((rows) => [...rows]),
  numbers: [...numbers],
});
const near = ({ fields, numbers }: ReturnType<typeof plain>) => ({
  fields,
  numbers: numbers.map((number) => expect.closeTo(number, 5)),
});

describe.each(cases([1], [2, 3]))('a small shop with everything that is hard (%i)', (seed) => {
  const world = randomWorld(seed, 150);
  let opened: Awaited<ReturnType<typeof openEncoder>>;
  beforeAll(async () => {
    const yaml = await writeWorld(join(folder, `data-${seed}`), world);
    const config = parseConfig(yaml, join(folder, 'world.yaml'));
    const target = join(folder, `prepared-${seed}`);
    await preprocess({ config, folder: target, force: false, context: silentContext });
    opened = await openEncoder(config, target);
  });
  afterAll(() => opened.prepared.close());

  const itemTable = new Map([...world.items].reverse().map((row) => [row.item, row]));
  const attributesOf = (item: string): Values => {
    const row = itemTable.get(item);
    const text = (value: unknown) => (value == null ? '' : `${value}`);
    return {
      ...{
        brand: text(row?.brand),
        tags: text(row?.tags),
        price: text(row?.price),
        rating: text(row?.rating),
      },
      ...{ flat: row ? '0.1' : '', debt: row ? '-0.1' : '' },
    };
  };
  const users = [
    ...new Set(
      [
        ...world.events,
        ...world.users,
        ...world.clicks,
        ...world.buys,
        ...world.follows,
        ...world.orders,
        ...world.levels,
      ].map(({ user }) => user),
    ),
  ].sort(byBytes);
  const stream = (user: string) =>
    world.events.filter((event) => event.user === user).sort((a, b) => a.time - b.time);
  const rawEvent = (event: (typeof world.events)[number], brings: boolean): RawEvent => ({
    timeUs: event.time * 1e6,
    item: { id: event.item, ...(brings && { attributes: attributesOf(event.item) }) },
    values: { behavior: event.behavior, shop: event.shop, device: event.device },
  });

  test.each([true, false])('events, with attributes of their own: %s', (brings) => {
    const { encoder, prepared } = opened;
    const [segment] = prepared.segments;
    const items = prepared.manifest.items;
    const events = users.flatMap(stream);
    expect(events.length).toBe(segment!.items.length);
    for (const [at, event] of events.entries()) {
      const { item, code } = encoder.event(rawEvent(event, brings));
      expect(code).toBe(segment!.properties.at(at));
      const stored = storedRow(prepared.items, prepared.itemNumbers, segment!.items.at(at), items);
      expect(plain(item), JSON.stringify(event)).toEqual(near(stored));
    }
  });

  test('histories, user fields and the words of queries', () => {
    const { encoder, prepared } = opened;
    const { requests, segments } = prepared;
    const asked = new Map<string, SampleRow>();
    for (const sample of [
      ...world.clicks,
      ...world.follows,
      ...world.orders,
      ...world.levels,
      ...world.buys,
    ]) {
      const key = `${sample.user} ${sample.time}`;
      if (!asked.has(key)) asked.set(key, sample);
    }
    let compared = 0;
    for (let request = 0; request < prepared.manifest.requests; request++) {
      const [user, time] = [users[requests.user.at(request)]!, requests.time.at(request)];
      const all = [...world.clicks, ...world.buys].filter((s) => s.user === user && s.time === time);
      // Several requests of a user at a moment are told apart by columns that some of them lack.
      if (new Set(all.map((s) => `${s.request} ${s.query}`)).size > 1) continue;
      if (
        [...world.follows, ...world.orders, ...world.levels].some((s) => s.user === user && s.time === time)
      )
        continue;
      compared++;
      const encoded = encoder.request({
        timeUs: time * 1e6,
        history: world.events.filter((event) => event.user === user).map((event) => rawEvent(event, false)),
        profile: { age: world.users.find((row) => row.user === user)?.age ?? '' },
        values: { page: all[0]?.page ?? '', words: all[0]?.query ?? '' },
      });
      expect(encoded.events.length).toBe(Math.min(100, requests.end.at(request)));
      const end = segments[0]!.offsets.at(requests.user.at(request)) + requests.end.at(request);
      expect(encoded.events.map(({ code }) => code)).toEqual([
        ...segments[0]!.properties.read(end - encoded.events.length, end),
      ]);
      expect(encoded.users).toEqual(
        ['device', 'age', 'page'].map((name) => requests.fields[name]!.at(request)),
      );
      const [from, to] = requests.query!.offsets.read(request, request + 2);
      expect(encoded.words).toEqual([...requests.query!.values.read(from!, to!)]);
    }
    expect(compared).toBeGreaterThan(20);
  });

  test('candidates by their id: of the log, of the items table and of nowhere', async () => {
    const { encoder, prepared } = opened;
    const { requests, tasks } = prepared;
    const names = await openNames(prepared.folder);
    let compared = 0;
    for (let request = 0; request < prepared.manifest.requests; request++) {
      const [start, end] = tasks.clicks!.offsets.read(request, request + 2);
      const rows = [...tasks.clicks!.candidate!.read(start!, end!)];
      const ids = await names.itemIds(rows);
      const time = requests.time.at(request);
      // Of events of one moment the last one that was read counts: which that was, the streams of several users do not say.
      const isUnclear = (id: string) => {
        const own = world.events.filter((event) => event.item === id);
        const before = own.filter((event) => event.time < time).map((event) => event.time);
        const moment = before.length > 0 ? Math.max(...before) : Math.min(...own.map((event) => event.time));
        const latest = own.filter((event) => event.time === moment);
        return new Set(latest.map(({ shop }) => shop)).size > 1;
      };
      for (const row of rows) {
        const id = ids.get(row)!;
        if (isUnclear(id)) continue;
        const sample = { candidate: { id }, features: {} };
        const stored = storedRow(prepared.items, prepared.itemNumbers, row, prepared.manifest.items);
        expect(plain(encoder.sample('clicks', sample, time).candidate!), id).toEqual(stored);
        compared++;
      }
    }
    names.close();
    expect(compared).toBeGreaterThan(20);
    const { fields, isKnown } = encoder.item({ id: 'never seen', attributes: { tags: 'red||red|blue' } }, 0);
    expect(isKnown).toBe(false);
    const tags = prepared.items.findIndex(({ field }) => field.name === 'tags');
    expect(fields[tags]!.length).toBe(2);
  });

  test.each([true, false])('entities, with attributes of their own: %s', (brings) => {
    const { encoder, prepared } = opened;
    const ids = [
      ...new Set([...world.shops.map(({ shop }) => shop), ...world.follows.map(({ item }) => item)]),
    ].sort(byBytes);
    expect(ids.length).toBe(prepared.manifest.entities.shop!.rows);
    for (const [row, id] of ids.entries()) {
      const shop = world.shops.find((known) => known.shop === id);
      const attributes = {
        ...{ tags: shop?.tags ?? '', style: shop?.style ?? '' },
        ...{ sales: `${shop?.sales ?? ''}`, age: `${shop?.age ?? ''}` },
      };
      const stored = storedRow(prepared.entities.shop!, prepared.entityNumbers.shop!, row, ids.length);
      expect(plain(encoder.entity('shop', brings ? { id, attributes } : { id }))).toEqual(near(stored));
    }
  });

  test('ranking features', () => {
    const { encoder, prepared } = opened;
    const { features, offsets } = prepared.tasks.orders!;
    let compared = 0;
    for (let request = 0; request < prepared.manifest.requests; request++) {
      const [start, end] = offsets.read(request, request + 2);
      const user = users[prepared.requests.user.at(request)]!;
      const asked = world.orders.filter(
        (o) => o.user === user && o.time === prepared.requests.time.at(request),
      );
      if (end! - start! !== 1 || asked.length !== 1) continue;
      const { price, sales, item } = asked[0]!;
      const sample = { candidate: { id: item }, features: { price: price ?? null, sales: sales ?? null } };
      expect(encoder.sample('orders', sample, 0).features.map(Math.fround)).toEqual(
        [...features!.read(3 * start!, 3 * end!)].map((value) => expect.closeTo(value, 5)),
      );
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
  });
});

const ROWS = 10_000;
const shared = process.env.DUPN_DATA_ROOT ?? join(root, '../shared/data');
const LOGS = [
  {
    name: 'the sample log',
    config: 'quickstart',
    data: join(root, 'data-samples'),
    events: 'events.csv.gz',
    items: 'items.csv.gz',
  },
  { name: 'GA', config: 'ga', data: shared, events: 'ga_events.csv.gz', items: 'ga_items.csv.gz' },
];

describe.each(LOGS)(`${ROWS} rows of $name`, ({ config: file, data, events: log, items: table }) => {
  const isThere = existsSync(join(data, log));
  if (!isThere) process.stderr.write(`skipped: no ${log} in ${data} (DUPN_DATA_ROOT names another)\n`);

  test.skipIf(!isThere)('have the same indexes and property codes', async () => {
    const config = await loadConfig(join(root, `configs/${file}.yaml`), {
      set: [`data.root=${data}`, ...(file === 'ga' ? ['tasks.ctr=null'] : [])],
    });
    const target = join(folder, file);
    await preprocess({ config, folder: target, force: false, context: silentContext });
    const read = async (name: string) =>
      parse(gunzipSync(await readFile(join(data, name))), { columns: true }) as Record<string, string>[];
    const { encoder, prepared } = await openEncoder(config, target);
    try {
      const rows = await read(log);
      const attributes = new Map((await read(table)).map((row) => [row.item_id!, row]));
      const { user } = config.data.log;
      const byUser = new Map<string, Record<string, string>[]>();
      for (const row of rows) {
        const own = byUser.get(row[user]!) ?? [];
        own.push(row);
        byUser.set(row[user]!, own);
      }
      const users = [...byUser.keys()].sort(byBytes);
      const zone = prepared.segments[0]!;
      const step = Math.max(1, Math.floor(rows.length / ROWS / 2));
      const known = prepared.manifest.users;
      expect(known).toBeGreaterThanOrEqual(users.length);
      const storedItems = new Map<number, ReturnType<typeof storedRow>>();
      const stored = (row: number) => {
        const { items, itemNumbers, manifest } = prepared;
        const found = storedItems.get(row) ?? storedRow(items, itemNumbers, row, manifest.items);
        storedItems.set(row, found);
        return found;
      };
      let compared = 0;
      // Every few users, so that all times come up; users without an event have no place in this order.
      for (let at = 0, offset = 0; at < known && compared < ROWS; at++) {
        const [start, end] = zone.offsets.read(at, at + 2);
        if (start === end) continue;
        const id = users[offset++]!;
        if (offset % step !== 0) continue;
        const events = byUser.get(id)!.sort((a, b) => byBytes(a.time!, b.time!));
        const encoded = events.map((values) => {
          const item = { id: values.item_id!, attributes: attributes.get(values.item_id!) ?? {} };
          const event = encoder.event({ timeUs: Date.parse(`${values.time!}Z`) * 1000, item, values });
          return { code: event.code, item: plain(event.item) };
        });
        const codes = [...zone.properties.read(start!, end!)];
        const rows = [...zone.items.read(start!, end!)];
        expect(encoded).toEqual(codes.map((code, place) => ({ code, item: stored(rows[place]!) })));
        compared += events.length;
      }
      expect(compared).toBeGreaterThanOrEqual(ROWS);
      expect(encoder.lookUps['properties/behavior']!.read).toBe(compared);
    } finally {
      prepared.close();
    }
  });
});
