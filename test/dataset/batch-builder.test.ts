import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { createRandom } from '../../src/common/random.js';
import type { Batch, FieldSlots, MultiValuedSlots } from '../../src/dataset/batch.js';
import { createBatchBuilder } from '../../src/dataset/batch-builder.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { makeWorld, NO_CANDIDATE, type World, windowOf } from './prepared-world.js';
import { writeWorld } from './write-world.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dupn-builder-'));
});
afterAll(() => rm(root, { recursive: true }));

const valueAt = (batch: Batch, table: string, { slots }: FieldSlots, entry: number) =>
  batch.tables[table]![slots[entry]!]!;

/** What the fields say of a slot, as in `World.items`. */
function rowAt(
  batch: Batch,
  fields: Batch['items']['fields'],
  tableOf: (field: string) => string,
  slot: number,
): Record<string, number | number[]> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      if (!('segments' in field)) return [name, valueAt(batch, tableOf(name), field, slot)];
      const values = [...(field as MultiValuedSlots).segments.keys()].filter(
        (i) => (field as MultiValuedSlots).segments[i] === slot,
      );
      expect((field as MultiValuedSlots).counts[slot]).toBe(values.length);
      return [name, values.map((i) => valueAt(batch, tableOf(name), field, i))];
    }),
  );
}

const seesCandidate = ({ classes, ranking }: World, task: string) => !(task in classes) && !(task in ranking);

/** Every number of a batch against the world that the folder was written from. */
function check(batch: Batch, world: World, requests: Int32Array, tasks: string[], maxEvents: number): void {
  const size = requests.length;
  const asked = Array.from(requests, (request) => world.requests[request]!);
  const windows = asked.map((request) => windowOf(world, request, maxEvents));
  expect([...batch.requests]).toEqual([...requests]);
  expect([...batch.lengths]).toEqual(windows.map((window) => window.length));
  expect(batch.steps).toBe(Math.max(1, ...batch.lengths));
  expect(batch.history.length).toBe(batch.steps * size);
  expect(batch.property.length).toBe(batch.steps * size);

  const { items, properties } = batch;
  const worldItem = (row: number) =>
    Object.fromEntries(Object.keys(world.items).map((name) => [name, world.items[name]![row]]));
  expect(items.itemRows.length).toBe(items.numItems);
  for (let slot = 0; slot < items.numItems; slot++) {
    expect(rowAt(batch, items.fields, (name) => `item/${name}`, slot)).toEqual(
      worldItem(items.itemRows[slot]!),
    );
  }
  const numbersOf = (of: string, rows: Int32Array) =>
    [...rows].flatMap((row) => world.numbers[of]?.rows[row] ?? []);
  expect([...items.numbers]).toEqual(numbersOf('item', items.itemRows));
  expect(Object.keys(batch.entities)).toEqual(tasks.includes('follow') ? ['shop'] : []);
  const { shop } = batch.entities;
  const shopTable = (name: string) => (name === 'style' ? 'shop/style' : `item/${name}`);
  for (const [slot, row] of (shop?.entityRows ?? new Int32Array(0)).entries()) {
    const expected = Object.entries(world.entities.shop!).map(([name, values]) => [name, values[row]]);
    expect(rowAt(batch, shop!.fields, shopTable, slot)).toEqual(Object.fromEntries(expected));
  }
  if (shop) expect([...shop.numbers]).toEqual(numbersOf('shop', shop.entityRows));
  expect(properties.codes.length).toBe(properties.numProperties);
  for (const [slot, code] of properties.codes.entries()) {
    expect(valueAt(batch, 'property/behavior', properties.fields.behavior!, slot)).toBe(code % 6);
    expect(valueAt(batch, 'property/hour', properties.fields.hour!, slot)).toBe((code - (code % 6)) / 6);
  }
  for (const [row, window] of windows.entries()) {
    for (let t = 0; t < batch.steps; t++) {
      const [item, code] = [batch.history[t * size + row]!, batch.property[t * size + row]!];
      const event = window[t];
      expect(item).toBe(event ? items.itemRows.indexOf(event.item) : 0);
      expect(code).toBe(event ? properties.codes.indexOf(event.code) : 0);
    }
    for (const name of Object.keys(batch.users)) {
      expect(valueAt(batch, `user/${name}`, batch.users[name]!, row)).toBe(asked[row]!.fields[name]);
    }
  }
  expect(Object.keys(batch.users)).toEqual(['age', 'device']);
  const { slots, segments, counts } = batch.query!;
  const words = Array.from(slots, (slot) => batch.tables['query/word']![slot]!);
  expect(words).toEqual(asked.flatMap(({ query }) => query));
  expect([...segments]).toEqual(asked.flatMap(({ query }, row) => query.map(() => row)));
  expect([...counts]).toEqual(asked.map(({ query }) => query.length));

  expect(Object.keys(batch.tasks)).toEqual(tasks);
  for (const task of tasks) {
    const before = (request: number) =>
      world.requests.slice(0, request).reduce((sum, { samples }) => sum + samples[task]!.length, 0);
    const expected = asked.flatMap(({ samples }, row) =>
      samples[task]!.map(({ item, label, weight, features }, i) => ({
        row,
        item: seesCandidate(world, task) ? item : NO_CANDIDATE,
        features: features ?? [],
        label,
        weight,
        sample: before(requests[row]!) + i,
      })),
    );
    const samples = batch.tasks[task]!;
    const width = world.ranking[task]?.length ?? 0;
    const candidateOf = (of: string, slot: number) => {
      if (!seesCandidate(world, of)) return NO_CANDIDATE;
      return of in world.judges ? shop!.entityRows[slot] : items.itemRows[slot];
    };
    const got = Array.from(samples.request, (row, i) => ({
      row,
      item: candidateOf(task, samples.candidate[i]!),
      features: [...samples.features.slice(i * width, (i + 1) * width)],
      label: samples.label[i],
      weight: samples.weight[i],
      sample: samples.sample[i],
    }));
    expect(got).toEqual(expected);
    expect(samples.candidate.length).toBe(seesCandidate(world, task) ? expected.length : 0);
  }

  const groups = { item: items.fields, property: properties.fields, user: batch.users };
  const read = new Map<string, Set<number>>();
  const see = (table: string, slots: Int32Array) =>
    read.set(table, new Set([...(read.get(table) ?? []), ...slots]));
  for (const [group, fields] of Object.entries(groups)) {
    for (const [name, { slots }] of Object.entries(fields)) see(`${group}/${name}`, slots);
  }
  for (const [name, { slots }] of Object.entries(shop?.fields ?? {})) see(shopTable(name), slots);
  see('shop/style', new Int32Array(0));
  see('query/word', slots);
  expect([...read.keys()].sort()).toEqual(Object.keys(batch.tables).sort());
  for (const [table, slots] of read) {
    const rows = batch.tables[table]!;
    expect(new Set(rows).size).toBe(rows.length);
    expect(slots.size).toBe(rows.length);
  }
  expect(new Set(items.itemRows).size).toBe(items.numItems);
}

describe.each([
  [1, undefined],
  [2, 0],
  [3, 400],
])('a batch of world %d (files loaded below %s bytes)', (seed, loadBelowBytes) => {
  it('equals the definition, whatever the requests', async () => {
    const world = makeWorld(seed);
    const folder = join(root, `world-${seed}`);
    await writeWorld(folder, world);
    const prepared = openPrepared(folder, loadBelowBytes === undefined ? {} : { loadBelowBytes });
    const builder = createBatchBuilder(prepared);
    const { uniform } = createRandom(seed);
    for (const [size, maxEvents, tasks] of [
      [16, 10, ['ctr', 'buy', 'level']],
      [1, 100, ['buy']],
      [50, 5, ['level', 'follow', 'order']],
      [40, 1, ['ctr']],
      [64, 7, ['buy', 'ctr']],
      [33, 1000, []],
    ] as const) {
      const requests = Int32Array.from({ length: size }, () => Math.floor(uniform() * world.requests.length));
      check(builder.build(requests, tasks, maxEvents), world, requests, [...tasks], maxEvents);
    }
    prepared.close();
  });
});

describe('a batch', () => {
  it('of empty histories without samples still has a slot for the padding to point at', async () => {
    const world = makeWorld(4);
    const folder = join(root, 'empty');
    await writeWorld(folder, world);
    const prepared = openPrepared(folder);
    const requests = Int32Array.from(
      [...world.requests.keys()].filter((i) => {
        const { end, samples } = world.requests[i]!;
        return end === 0 && samples.ctr!.length === 0;
      }),
    );
    expect(requests.length).toBeGreaterThan(3);
    const batch = createBatchBuilder(prepared).build(requests, ['ctr'], 50);
    expect(batch.steps).toBe(1);
    expect([...batch.items.itemRows]).toEqual([0]);
    expect([...batch.properties.codes]).toEqual([0]);
    expect(batch.tasks.ctr!.request.length).toBe(0);
    // Item row 0 has no tag.
    const tags = batch.items.fields.tags as MultiValuedSlots;
    expect([batch.tables['item/tags']!.length, tags.slots.length, [...tags.counts]]).toEqual([0, 0, [0]]);
    prepared.close();
  });

  it('of rows without numbers has empty arrays of its own, which can be handed over', async () => {
    const world = { ...makeWorld(7), numbers: {} };
    const folder = join(root, 'no-numbers');
    await writeWorld(folder, world);
    const prepared = openPrepared(folder);
    const builder = createBatchBuilder(prepared);
    const requests = Int32Array.of(0, 1, 2, 3);
    const batches = [1, 2].map(() => builder.build(requests, ['follow', 'ctr'], 5));
    for (const batch of batches) {
      check(batch, world, requests, ['follow', 'ctr'], 5);
      const { items, entities } = batch;
      expect([items.numbers.length, entities.shop!.numbers.length]).toEqual([0, 0]);
      structuredClone(batch, {
        transfer: [items.numbers.buffer, entities.shop!.numbers.buffer] as ArrayBuffer[],
      });
    }
    prepared.close();
  });

  it('is refused when an event names an item that does not exist', async () => {
    const world = makeWorld(5);
    const broken = {
      ...world,
      segments: world.segments.map((users) =>
        users.map((events) => events.map((event) => ({ ...event, item: event.item + 60 }))),
      ),
    };
    const folder = join(root, 'broken');
    await writeWorld(folder, broken);
    const prepared = openPrepared(folder);
    const builder = createBatchBuilder(prepared);
    const longest = world.requests.findIndex(({ end }) => end > 5);
    expect(() => builder.build(Int32Array.of(longest), [], 50)).toThrow(UserError);
    expect(() => builder.build(Int32Array.of(longest), [], 50)).toThrow(/item row \d+: 0 to 59/);
    prepared.close();
  });

  it('is refused when a request counts more events than its user has', async () => {
    const world = makeWorld(6);
    const requests = world.requests.map((request) => ({ ...request, end: request.end + 100 }));
    const folder = join(root, 'short');
    await writeWorld(folder, { ...world, requests });
    const prepared = openPrepared(folder);
    const builder = createBatchBuilder(prepared);
    expect(() => builder.build(Int32Array.of(0), [], 50)).toThrow(
      /Cannot read the events of user \d+: at least \d+/,
    );
    prepared.close();
  });
});
