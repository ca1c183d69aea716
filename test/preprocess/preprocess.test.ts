import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { fileSha256 } from '../../src/common/files.js';
import { type NumberManifest, preparedPaths } from '../../src/common/prepared.js';
import { parseConfig } from '../../src/config/load.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { cases } from '../thorough.js';
import { expectedOf, TASKS } from './expected.js';
import { DAY, FLAT, randomWorld, START, type World, writeWorld } from './world.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-preprocess-'));
});

async function prepare(world: World, more = '', name = 'out') {
  return prepareYaml(await writeWorld(join(folder, 'data'), world, more), name);
}

function prepareYaml(yaml: string, name = 'out') {
  const config = parseConfig(yaml, join(folder, 'world.yaml'));
  return preprocess({ config, folder: join(folder, name), force: false, context: silentContext });
}

const ARRAYS = { u8: Uint8Array, u16: Uint16Array, i32: Int32Array, u32: Uint32Array, f32: Float32Array };

async function raw(path: string, name = 'out'): Promise<number[]> {
  const bytes = await readFile(join(folder, name, path));
  const type = ARRAYS[path.slice(path.lastIndexOf('.') + 1) as keyof typeof ARRAYS];
  return [...new type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))];
}

/** A file of numbers, row by row, and its statistics; `expected` by the names in their order. */
async function expectNumbers(
  path: string,
  got: readonly NumberManifest[],
  expected: Readonly<
    Record<string, { readonly mean: number; readonly deviation: number; readonly values: readonly number[] }>
  >,
): Promise<void> {
  const names = Object.keys(expected);
  expect(got.map(({ name }) => name)).toEqual(names);
  for (const { name, mean, deviation } of got) {
    expect(mean, name).toBeCloseTo(expected[name]!.mean, 9);
    expect(deviation, name).toBeCloseTo(expected[name]!.deviation, 9);
  }
  const values = await raw(path);
  expect(values.length).toBe(names.length * expected[names[0]!]!.values.length);
  for (const [at, value] of values.entries()) {
    const name = names[at % names.length]!;
    expect(value, `${name} of row ${Math.floor(at / names.length)}`).toBeCloseTo(
      expected[name]!.values[Math.floor(at / names.length)]!,
      5,
    );
  }
}

test.each(cases([1], [2, 3, 4]))('every array equals the slow way, world %i', async (seed) => {
  const world = randomWorld(seed, 150);
  const { manifest } = await prepare(world);
  const expected = expectedOf(world);
  expect(manifest.items).toBe(expected.items.count);
  expect(Object.fromEntries(manifest.fields.item.map(({ name, rows }) => [name, rows]))).toEqual(
    expected.rows,
  );
  for (const field of ['item', 'shop', 'brand', 'tags'] as const) {
    expect(await raw(preparedPaths.itemField(field)), field).toEqual(expected.items[field]);
  }
  expect(await raw(preparedPaths.itemFieldOffsets('tags'))).toEqual(expected.items.tagOffsets);
  expect(await raw(preparedPaths.streamOffsets('0000'))).toEqual(expected.streams.offsets);
  expect(await raw(preparedPaths.streamItems('0000'))).toEqual(expected.streams.item);
  expect(await raw(preparedPaths.streamProperties('0000'))).toEqual(expected.streams.property);
  expect(await raw(preparedPaths.streamTimes('0000'))).toEqual(expected.streams.time);
  expect(await raw(preparedPaths.streamUserField('0000', 'device'))).toEqual(expected.streams.device);
  expect(await raw(preparedPaths.profileField('age'))).toEqual(expected.streams.age);
  expect(await raw(preparedPaths.requestUser)).toEqual(expected.requests.user);
  expect(await raw(preparedPaths.requestTime)).toEqual(expected.requests.time);
  expect(await raw(preparedPaths.requestEnd)).toEqual(expected.requests.end);
  expect(await raw(preparedPaths.requestSplit)).toEqual(expected.requests.split);
  for (const field of ['device', 'age', 'page'] as const) {
    expect(await raw(preparedPaths.requestUserField(field)), field).toEqual(expected.requests[field]);
  }
  expect(await raw(preparedPaths.requestQuery)).toEqual(expected.requests.words);
  expect(await raw(preparedPaths.requestQueryOffsets)).toEqual(expected.requests.wordOffsets);
  expect(manifest.fields.query).toMatchObject({ name: 'word', rows: expected.wordRows, multiValued: true });
  for (const task of TASKS) {
    expect(await raw(preparedPaths.sampleOffsets(task))).toEqual(expected[task].offsets);
    const judged = existsSync(join(folder, 'out', preparedPaths.sampleCandidates(task)));
    expect(judged).toBe(task !== 'levels');
    const candidates = judged ? await raw(preparedPaths.sampleCandidates(task)) : [];
    expect(candidates, task).toEqual(expected[task].candidate);
    expect(await raw(preparedPaths.sampleLabels(task))).toEqual(expected[task].label);
    expect(await raw(preparedPaths.sampleWeights(task))).toEqual(expected[task].weight);
  }
  const { ranking } = expected;
  const features = await raw(preparedPaths.sampleFeatures('orders'));
  expect(features.length).toBe(ranking.values.length);
  for (const [at, value] of features.entries()) expect(value).toBeCloseTo(ranking.values[at]!, 5);
  const [constant, price, sales] = manifest.tasks.orders!.features;
  expect(constant).toEqual({ name: 'constant', mean: 0, deviation: 1 });
  expect(price!.mean).toBeCloseTo(ranking.mean, 9);
  expect(price!.deviation).toBeCloseTo(ranking.deviation, 9);
  // All the same: its deviation would be 0.
  expect(sales).toEqual({ name: 'sales', mean: 7, deviation: 1 });
  for (const field of ['shop', 'style', 'labels'] as const) {
    expect(await raw(preparedPaths.entityField('shop', field)), field).toEqual(expected.shops[field]);
  }
  expect(await raw(preparedPaths.entityFieldOffsets('shop', 'labels'))).toEqual(expected.shops.labelOffsets);
  const shop = manifest.entities.shop!;
  expect(shop.rows).toBe(expected.shops.shop.length);
  expect(shop.fields.map(({ name, rows, shares }) => [name, rows, shares])).toEqual([
    ['shop', expected.rows.shop, 'shop'],
    ['labels', expected.rows.tags, 'tags'],
    ['style', expected.shops.styleRows, undefined],
  ]);
  const { itemNumbers } = manifest.fields;
  await expectNumbers(preparedPaths.itemNumbers, itemNumbers, expected.itemNumbers);
  await expectNumbers(preparedPaths.entityNumbers('shop'), shop.numbers, expected.shopNumbers);
  expect(itemNumbers[2]).toEqual({ name: 'flat', mean: FLAT, deviation: 1 });
  // None of its values has a logarithm.
  expect(itemNumbers[3]).toEqual({ name: 'debt', mean: 0, deviation: 1 });
  for (const { read, kept, rejected, filtered } of Object.values(manifest.rows)) {
    expect(kept + rejected + filtered).toBe(read);
  }
});

test.each([
  ['characters', '连衣裙 A1', ['连', '衣', '裙', 'a', '1']],
  ['whitespace', 'Straße  ÉTÉ\u3000x', ['straße', 'été', 'x']],
  ['{ pattern: "[a-z]+|[0-9]+" }', 'iPhone13-Pro', ['iphone', '13', 'pro']],
])('a query becomes words by %s', async (tokens, query, words) => {
  const world = randomWorld(5, 60);
  const asked = <T extends object>(rows: readonly T[]) => rows.map((row) => ({ ...row, query }));
  const yaml = (
    await writeWorld(join(folder, 'data'), { ...world, clicks: asked(world.clicks), buys: asked(world.buys) })
  ).replace('minCount: 9, buckets: 2', `tokens: ${tokens}`);
  await prepareYaml(yaml);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const vocabulary = await connection.runAndReadAll(
    `SELECT value, "index" FROM '${join(folder, 'out', preparedPaths.vocabulary('query', 'word'))}'`,
  );
  const known = new Map(vocabulary.getRows().map(([value, index]) => [index, value]));
  connection.closeSync();
  instance.closeSync();
  const offsets = await raw(preparedPaths.requestQueryOffsets);
  const got = (await raw(preparedPaths.requestQuery)).slice(0, words.length);
  expect(got.map((index) => known.get(index))).toEqual(words);
  expect(offsets.at(-1)! % words.length).toBe(0);
});

test('a pattern of words that is none is named', async () => {
  const yaml = (await writeWorld(join(folder, 'data'), randomWorld(5, 60))).replace(
    'minCount: 9, buckets: 2',
    'tokens: { pattern: "[a-z" }',
  );
  const config = parseConfig(yaml, join(folder, 'world.yaml'));
  const input = { config, folder: join(folder, 'out'), force: false, context: silentContext };
  await expect(preprocess(input)).rejects.toThrow(/features\.query\.tokens\.pattern.*got \[a-z/);
});

test('the evaluation part may be the last days, the validation part the last days before them', async () => {
  const world = randomWorld(5, 150);
  const yaml = (await writeWorld(join(folder, 'data'), world)).replace(
    /split: .*/,
    'split: { evaluationLastDays: 2, validationLastDays: 1 }',
  );
  const { manifest } = await prepareYaml(yaml);
  const last = Math.max(...[...world.clicks, ...world.buys].map(({ time }) => time));
  const localDay = (time: number) => Math.floor((time + 8 * 3600) / 86_400);
  const startOf = (day: number) => day * 86_400 - 8 * 3600;
  expect(manifest.evaluationFrom).toBe(new Date(startOf(localDay(last) - 1) * 1000).toISOString());
  const [times, splits] = [await raw(preparedPaths.requestTime), await raw(preparedPaths.requestSplit)];
  times.forEach((time, at) => {
    const day = localDay(time) - localDay(last);
    expect(splits[at]).toBe(day >= -1 ? 2 : day === -2 ? 1 : 0);
  });
});

async function bytesOf(name: string): Promise<Record<string, string>> {
  const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== 'manifest.json');
  const hashes = files.map(async ({ parentPath, name: file }) => {
    const path = join(parentPath, file);
    return [path.slice(join(folder, name).length), await fileSha256(path)] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}

/** Labels from the log, with negatives that are drawn in groups and over all, features of the log, and levels. */
const DERIVED = `  visit:
    kind: binary
    labels: { requests: dayStart, positives: { behavior: [buy] }, within: 1d, negatives: { within: shop, perPositive: 2 } }
  found:
    kind: rank
    labels: { requests: positive, positives: { behavior: [cart] }, weightBy: { behavior: { cart: 0.3 } }, negatives: { by: uniform, perPositive: 1 } }
  spent:
    kind: multiclass
    classes: 3
    labels: { requests: sessionStart, sessionGap: 1h, next: { behavior: [buy] }, within: 1d, level: { column: price, within: brand } }
`;

test('the same bytes come out at 1 thread, and at 2 with 300 MB', async () => {
  // More rows than threads take at once (122,880), by many users at many moments: so that there is something to divide.
  const { events, ...rest } = randomWorld(6, 130_000);
  const world: World = {
    ...rest,
    events: events.map((event, at) => ({ ...event, user: `u${at % 3000}`, time: event.time + (at % 7200) })),
  };
  const yaml = (await writeWorld(join(folder, 'data'), world, DERIVED)).replace(
    '  query:',
    '  ranking: { behavior: behavior, price: price, rating: rating }\n  query:',
  );
  const prepareBy = (settings: string, name: string) => prepareYaml(`${yaml}preprocess: ${settings}\n`, name);
  const { manifest } = await prepareBy('{ threads: 1 }', 'one');
  const two = await prepareBy('{ threads: 2, memoryLimit: 300MB }', 'two');
  expect(two.manifest.tasks).toEqual(manifest.tasks);
  expect(manifest.tasks.visit!.samples).toBeGreaterThan(20_000);
  expect(manifest.tasks.found!.features).toHaveLength(20);
  expect(two.manifest.fields).toEqual(manifest.fields);
  expect(two.manifest.entities).toEqual(manifest.entities);
  const expected = await bytesOf('one');
  expect(Object.keys(expected).length).toBeGreaterThan(25);
  expect(await bytesOf('two')).toEqual(expected);
}, 120_000);

test('a second run with nothing changed does nothing; a change of input or config does it again', async () => {
  const yaml = await writeWorld(join(folder, 'data'), randomWorld(7, 80));
  const run = (text: string, force = false) =>
    preprocess({
      config: parseConfig(text, join(folder, 'world.yaml')),
      folder: join(folder, 'out'),
      force,
      context: silentContext,
    });
  const first = await run(yaml);
  expect(first.skipped).toBe(false);
  const again = await run(yaml);
  expect(again.skipped).toBe(true);
  expect(again.manifest).toEqual(first.manifest);
  expect((await run(yaml, true)).skipped).toBe(false);
  expect((await run(`${yaml}\ntrain: { learningRate: 0.1 }`)).skipped).toBe(true);
  expect((await run(yaml.replace('minCount: 3', 'minCount: 2'))).skipped).toBe(false);
  expect((await run(yaml)).skipped).toBe(false);
  await appendFile(join(folder, 'data', 'events.csv'), 'u0,x,1577836900,click,s1,phone\n');
  const changed = await run(yaml);
  expect(changed.skipped).toBe(false);
  expect(changed.manifest.events).toBe(first.manifest.events + 1);
  expect((await readdir(folder)).sort()).toEqual(['data', 'out']);
});

test('samples with a label that is none are rejected and counted, torn requests too', async () => {
  const world = randomWorld(8, 80);
  const [first, second] = [world.clicks[0]!, world.clicks.find(({ request }) => request !== 'r0')!];
  const clicks = [...world.clicks, { ...first, label: 2 }, { ...second, time: second.time + 1 }];
  const levels = [...world.levels, ...[3, -1, 0.5].map((label) => ({ ...world.levels[0]!, label }))];
  const torn = clicks.filter(({ request }) => request === second.request).length;
  const yaml = (await writeWorld(join(folder, 'data'), { ...world, clicks, levels })).replace(
    'timeZone:',
    'maxRejectRatio: 0.2\n  timeZone:',
  );
  const config = parseConfig(yaml, join(folder, 'world.yaml'));
  const input = { config, folder: join(folder, 'out'), force: false, context: silentContext };
  const { manifest } = await preprocess(input);
  const { rejectedBy, read, kept, rejected, filtered } = manifest.rows['samples/clicks']!;
  expect(read).toBe(clicks.length);
  expect(kept + rejected + filtered).toBe(read);
  const inPeriod = (s: { time: number }) => s.time >= START + DAY;
  expect(rejectedBy).toEqual({
    ...(inPeriod(first) ? { 'label is not 0 or 1': 1 } : {}),
    ...(inPeriod(second) ? { 'request id of two users or times': torn } : {}),
  });
  expect(manifest.rows['samples/levels']!.rejectedBy).toEqual({ 'label is not an integer from 0 to 2': 3 });
});

test('the Parquet files have the numbers as they were read; without numbers there are no raw files', async () => {
  const world = randomWorld(10, 80);
  const { manifest } = await prepare(world);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const read = async (path: string, columns: string) =>
    (await connection.runAndReadAll(`SELECT ${columns} FROM '${join(folder, 'out', path)}'`)).getRows();
  for (const [id, price, stars, debt] of await read(preparedPaths.items, 'item_id, price, stars, debt')) {
    const row = world.items.find(({ item }) => item === id);
    expect([price, stars, debt]).toEqual([row?.price ?? null, row?.rating ?? null, row ? -FLAT : null]);
  }
  for (const [id, sales, years] of await read(preparedPaths.entities('shop'), 'shop, sales, years')) {
    const row = world.shops.find(({ shop }) => shop === id);
    expect([sales, years]).toEqual([row?.sales ?? null, row?.age ?? null]);
  }
  connection.closeSync();
  instance.closeSync();

  const yaml = (await writeWorld(join(folder, 'data'), world))
    .replace(/ {2}itemNumbers:\n( {4}.*\n)+/, '')
    .replace(/ {4}numbers: .*\n/, '');
  const config = parseConfig(yaml, join(folder, 'world.yaml'));
  const input = { config, folder: join(folder, 'without'), force: false, context: silentContext };
  const without = await preprocess(input);
  expect(without.manifest.fields).toEqual({ ...manifest.fields, itemNumbers: [] });
  expect(without.manifest.entities.shop!.numbers).toEqual([]);
  const files = Object.keys(manifest.files).filter((path) => !(path in without.manifest.files));
  expect(files).toEqual([preparedPaths.entityNumbers('shop'), preparedPaths.itemNumbers]);
});

test('a text where a number has to be rejects its row, with its line', async () => {
  const world = randomWorld(11, 80);
  const yaml = (await writeWorld(join(folder, 'data'), world)).replace(
    'timeZone:',
    'maxRejectRatio: 0.2\n  timeZone:',
  );
  await appendFile(join(folder, 'data', 'items.csv'), 'new,b1,red,cheap,1,1,1\n');
  await appendFile(join(folder, 'data', 'shops.csv'), 's5,red,cute,3,old\n');
  const { manifest } = await prepareYaml(yaml);
  for (const [table, line, column, value] of [
    ['items', world.items.length + 2, 'price', 'cheap'],
    ['entities/shop', world.shops.length + 2, 'age', 'old'],
  ] as const) {
    expect(manifest.rows[table]!.rejectedBy).toEqual({ 'bad number': 1 });
    const rejects = await readFile(join(folder, 'out', preparedPaths.rejects(table)), 'utf8');
    expect(rejects).toMatch(new RegExp(`,${line},\\d+,${column},bad number,.*${value}`));
  }
});

test('what fails leaves the older folder as it was', async () => {
  const yaml = await writeWorld(join(folder, 'data'), randomWorld(9, 80));
  const input = { folder: join(folder, 'out'), force: false, context: silentContext };
  await preprocess({ ...input, config: parseConfig(yaml, join(folder, 'world.yaml')) });
  const before = await bytesOf('out');
  const wrong = parseConfig(
    yaml.replace('files: items.csv', 'files: missing.csv'),
    join(folder, 'world.yaml'),
  );
  await expect(preprocess({ ...input, config: wrong })).rejects.toThrow(/missing\.csv/);
  expect(await bytesOf('out')).toEqual(before);
  expect((await readdir(folder)).sort()).toEqual(['data', 'out']);
});
