import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { beforeAll, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { fileSha256 } from '../../src/common/files.js';
import { generateLog } from '../../src/synthetic/generate.js';
import { withDefaults } from '../../src/synthetic/options.js';
import { auc } from '../evaluation/auc-of.js';

type Row = Record<string, string>;
let folder: string;
const tables = new Map<string, Row[]>();
const table = (name: string) => tables.get(`${name}.csv.gz`)!;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-synthetic-'));
  await generateLog(folder, withDefaults({ users: 150, days: 20, seed: 3, truth: true }), silentContext);
  for (const name of await readdir(folder)) {
    const text = gunzipSync(await readFile(join(folder, name)));
    tables.set(name, parse(text, { columns: true }) as Row[]);
  }
});

async function hashes(seed: number): Promise<string[]> {
  const other = await mkdtemp(join(tmpdir(), 'dupn-synthetic-'));
  await generateLog(other, withDefaults({ users: 20, days: 3, seed }), silentContext);
  return Promise.all((await readdir(other)).sort().map((name) => fileSha256(join(other, name))));
}

test('the same options give the same bytes, another seed others', async () => {
  expect(await hashes(1)).toEqual(await hashes(1));
  const [a, b] = [await hashes(1), await hashes(2)];
  expect(a.length).toBe(9);
  expect(a.some((hash, at) => hash === b[at])).toBe(false);
});

test('every table is in order of time', () => {
  for (const name of ['events', 'impressions', 'icon_samples', 'shop_samples', 'price_samples']) {
    const times = table(name).map(({ time }) => time!);
    expect(times.length, name).toBeGreaterThan(100);
    expect(times, name).toEqual([...times].sort());
  }
});

test('a click comes after the page that showed the item, and marks it', () => {
  const clicks = new Map<string, string[]>();
  for (const { user_id, item_id, behavior, time } of table('events')) {
    if (behavior !== 'click') continue;
    const key = `${user_id} ${item_id}`;
    clicks.set(key, [...(clicks.get(key) ?? []), time!]);
  }
  let clicked = 0;
  for (const { user_id, item_id, label, time } of table('impressions')) {
    if (label !== '1') continue;
    clicked++;
    expect(clicks.get(`${user_id} ${item_id}`)!.some((click) => click > time!)).toBe(true);
  }
  expect(clicked).toBe(table('events').filter(({ behavior }) => behavior === 'click').length);
});

test('a page holds each item once, at positions counted from 0', () => {
  const pages = new Map<string, Row[]>();
  for (const row of table('impressions')) {
    pages.set(row.request_id!, [...(pages.get(row.request_id!) ?? []), row]);
  }
  for (const rows of pages.values()) {
    expect(rows.map(({ position }) => Number(position))).toEqual([...rows.keys()]);
    expect(new Set(rows.map(({ item_id }) => item_id)).size).toBe(rows.length);
    expect(new Set(rows.map(({ user_id, time }) => `${user_id} ${time}`)).size).toBe(1);
  }
});

test('a purchase follows a cart and a click; only searches have a query', () => {
  const last = new Map<string, string>();
  for (const { user_id, item_id, behavior, scenario, query } of table('events')) {
    const key = `${user_id} ${item_id}`;
    if (behavior === 'buy') expect(last.get(key)).toBe('cart');
    if (behavior === 'cart' || behavior === 'favorite')
      expect(['click', 'favorite']).toContain(last.get(key));
    last.set(key, behavior!);
    expect(query === '').toBe(scenario !== 'search');
  }
});

test('every event is of an item, and says of it what the item table says', () => {
  const items = new Map(table('items').map((row) => [row.item_id!, row]));
  for (const event of table('events')) {
    const item = items.get(event.item_id!)!;
    for (const column of ['shop_id', 'brand_id', 'category_id', 'tags', 'price']) {
      expect(event[column]).toBe(item[column]);
    }
  }
});

test('the true probabilities are calibrated, and order the clicks as docs/synthetic-log.md says', () => {
  const truth = table('truth');
  const impressions = table('impressions');
  expect(truth.length).toBe(impressions.length);
  const scores = Float32Array.from(truth, (row) => Number(row.click_probability));
  const labels = Float32Array.from(impressions, (row) => Number(row.label));
  const expected = scores.reduce((a, b) => a + b, 0);
  const clicked = labels.reduce((a, b) => a + b, 0);
  // The number of clicks lies within four standard deviations of its expectation.
  const deviation = Math.sqrt(scores.reduce((sum, p) => sum + p * (1 - p), 0));
  expect(Math.abs(clicked - expected)).toBeLessThan(4 * deviation);
  const best = auc({ scores, labels, weights: new Float32Array(labels.length).fill(1) })!;
  expect(best).toBeGreaterThan(0.78);
  expect(best).toBeLessThan(0.85);
});

test('what was bought and still serves is clicked less than what is bought again', () => {
  // Clicks per impression on a leaf in the days after its purchase, durable leaves against the others.
  const durable = new Set([
    'phone',
    'headset',
    'tablet',
    'boot',
    'coat',
    'lamp',
    'sofa',
    'kettle',
    'robot',
    'bike',
    'racket',
    'tent',
  ]);
  const leafOf = new Map(table('items').map((row) => [row.item_id!, row.category_id!.split('/')[1]!]));
  const bought = new Map<string, string>();
  for (const { user_id, item_id, behavior, time } of table('events')) {
    const key = `${user_id} ${leafOf.get(item_id!)}`;
    if (behavior === 'buy' && !bought.has(key)) bought.set(key, time!.slice(0, 10));
  }
  const rates = { durable: [0, 0], other: [0, 0] };
  for (const { user_id, item_id, label, time, scenario } of table('impressions')) {
    const leaf = leafOf.get(item_id!)!;
    const day = bought.get(`${user_id} ${leaf}`);
    if (scenario === 'ad' || day === undefined || time!.slice(0, 10) <= day) continue;
    const rate = rates[durable.has(leaf) ? 'durable' : 'other'];
    rate[0]! += Number(label);
    rate[1]! += 1;
  }
  expect(rates.durable[1]).toBeGreaterThan(200);
  expect(rates.durable[0]! / rates.durable[1]!).toBeLessThan(0.6 * (rates.other[0]! / rates.other[1]!));
});
