import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPrepared } from '../../src/dataset/prepared.js';
import { type HistoryScores, historyScorer } from '../../src/evaluation/history-baselines.js';
import { measuredSamples } from '../../src/evaluation/measured-samples.js';
import { makeWorld, type World, windowOf } from '../dataset/prepared-world.js';
import { writeWorld } from '../dataset/write-world.js';

const MAX_EVENTS = 6;

/** Scores of all samples of a task, with the windows of their requests. */
async function scoresIn(world: World, task: string, judged: string) {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-history-'));
  await writeWorld(folder, world);
  const prepared = openPrepared(folder);
  try {
    const samples = world.requests.flatMap((request) =>
      request.samples[task]!.map((sample) => ({
        ...sample,
        time: request.time,
        window: windowOf(world, request, MAX_EVENTS),
      })),
    );
    const scorer = historyScorer(prepared, judged, MAX_EVENTS);
    if (!scorer) return { samples, scores: null };
    const chunks = [...measuredSamples(prepared, task, [0, world.requests.length])].map(scorer);
    const all = (name: keyof HistoryScores) => chunks.flatMap((chunk) => [...chunk[name]]);
    const scores = { seen: all('seen'), last: all('last'), isLatest: all('isLatest'), ages: all('ages') };
    return { samples, scores };
  } finally {
    prepared.close();
  }
}

type Scored = Awaited<ReturnType<typeof scoresIn>>;

/** `common` is what an item row and a candidate's row have in common, `same` whether they are one thing. */
function expectScores(
  { samples, scores }: Scored,
  common: (item: number, candidate: number) => number,
  same: (item: number, candidate: number) => boolean,
) {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  expect(scores!.seen).toEqual(
    samples.map(({ item, window }) => sum(window.map((event) => common(event.item, item)))),
  );
  const latest = samples.map(({ window }) => window.at(-1));
  expect(scores!.last).toEqual(
    samples.map(({ item }, at) => (latest[at] ? common(latest[at].item, item) : 0)),
  );
  expect(scores!.isLatest).toEqual(
    samples.map(({ item }, at) => (latest[at] && same(latest[at].item, item) ? 1 : 0)),
  );
  expect(scores!.ages).toEqual(
    samples.map(({ time }, at) => (latest[at] ? time - latest[at].time : Number.NaN)),
  );
  expect(Math.max(...scores!.seen)).toBeGreaterThan(1);
}

test('an item was seen as often as its row came up; its brand breaks ties', async () => {
  const world = makeWorld(20);
  const brand = world.items.brand!;
  const same = (item: number, candidate: number) => item === candidate;
  // Of the fields that are single-valued, brand is the one that is not the item itself.
  const common = (item: number, candidate: number) =>
    (same(item, candidate) ? 1 + MAX_EVENTS : 0) +
    (brand[candidate] !== 0 && brand[item] === brand[candidate] ? 1 : 0);
  const scored = await scoresIn(world, 'ctr', 'item');
  expectScores(scored, common, same);
  expect(scored.scores!.isLatest).toContain(1);
});

test('a shop was seen as often as its single-valued shared fields came up', async () => {
  const world = makeWorld(21);
  const brand = world.entities.shop!.brand!;
  expectScores(
    await scoresIn(world, 'follow', 'shop'),
    (item, shop) => (brand[shop] !== 0 && world.items.brand![item] === brand[shop] ? 1 : 0),
    () => false,
  );
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
  const scored = await scoresIn(
    {
      ...world,
      entityFields: { shop: [...fields, { ...world.fields.item[0]!, shares: 'item' }] },
      entities: { shop: { ...others, shop: brand!, item } },
    },
    'follow',
    'shop',
  );
  const same = (row: number, shop: number) => brand![shop] !== 0 && world.items.brand![row] === brand![shop];
  expectScores(
    scored,
    (row, shop) =>
      (same(row, shop) ? 1 + MAX_EVENTS : 0) +
      (world.items.item![row] === item[shop] && item[shop] !== 0 ? 1 : 0),
    same,
  );
  expect(scored.scores!.isLatest).toContain(1);
});

test('an entity that shares nothing with the items is never seen', async () => {
  const world = makeWorld(23);
  const own = world.entityFields.shop!.filter(({ shares }) => shares === undefined);
  const { scores } = await scoresIn({ ...world, entityFields: { shop: own } }, 'follow', 'shop');
  expect(scores).toBeNull();
});
