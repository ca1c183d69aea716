import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { preparedPaths, SPLITS } from '../../src/common/prepared.js';
import { openPrepared, splitRange } from '../../src/dataset/prepared.js';
import { makeWorld } from './prepared-world.js';
import { writeWorld } from './write-world.js';

const world = makeWorld(31);
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dupn-prepared-'));
});
afterAll(() => rm(root, { recursive: true }));

it('opens every array of the folder', async () => {
  const folder = join(root, 'whole');
  await writeWorld(folder, world);
  const prepared = openPrepared(folder);
  const { requests, segments, items, tasks } = prepared;
  expect([...requests.time.load()]).toEqual(world.requests.map(({ time }) => time));
  expect([...requests.fields.age!.load()]).toEqual(world.requests.map(({ fields }) => fields.age));
  expect(items.map(({ field }) => field.name)).toEqual(['item', 'brand', 'tags']);
  expect(items.map(({ offsets }) => offsets?.length)).toEqual([undefined, undefined, 61]);
  expect(segments.map(({ times }) => [...times.load()])).toEqual(
    world.segments.map((users) => users.flat().map(({ time }) => time)),
  );
  expect(Object.keys(tasks)).toEqual(['ctr', 'buy', 'level', 'follow', 'order']);
  expect(tasks.level!.candidate).toBeNull();
  prepared.close();
});

it('knows the requests of each part of the split', async () => {
  const folder = join(root, 'split');
  await writeWorld(folder, world);
  const prepared = openPrepared(folder);
  for (const [i, split] of SPLITS.entries()) {
    const [start, end] = splitRange(prepared.manifest, split);
    expect(world.requests.slice(start, end).every((request) => request.split === i)).toBe(true);
    expect(end - start).toBe(world.requests.filter((request) => request.split === i).length);
  }
  prepared.close();
});

it.each([
  preparedPaths.streamItems('segment-1'),
  preparedPaths.sampleOffsets('buy'),
  preparedPaths.itemField('tags'),
])('refuses a folder whose %s is cut short', async (path) => {
  const folder = join(root, path.replaceAll('/', '-'));
  await writeWorld(folder, world);
  await truncate(join(folder, path), 8);
  expect(() => openPrepared(folder)).toThrow(UserError);
  expect(() => openPrepared(folder)).toThrow(
    new RegExp(`${path}: \\d+ bytes, got 8 bytes; .*dupn preprocess`),
  );
});
