import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SPLITS, type Split } from '../../../src/common/prepared.js';
import type { BatchPlan } from '../../../src/dataset/batch-plan.js';
import { openPrepared, type PreparedData } from '../../../src/dataset/prepared.js';
import {
  chooseRequests,
  chooseShown,
  type Showable,
} from '../../../src/evaluation/insight/choose-requests.js';
import { makeWorld } from '../../dataset/prepared-world.js';
import { writeWorld } from '../../dataset/write-world.js';

const world = makeWorld(3);
let prepared: PreparedData;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-choice-'));
  await writeWorld(folder, world);
  prepared = openPrepared(folder);
});
afterAll(() => prepared.close());

const plan = (split: Split): BatchPlan => ({
  split,
  tasks: ['ctr', 'level'],
  maxEvents: 7,
  batchRequests: 16,
  shuffle: null,
});
const plans = [plan('training'), plan('evaluation')];

/** Index and length of the requests that may be chosen. */
const eligible = world.requests.flatMap(({ split, end, samples }, request) =>
  SPLITS[split] !== 'validation' && end > 0 && samples.ctr!.length + samples.level!.length > 0
    ? [{ request, length: Math.min(end, 7) }]
    : [],
);
const byRequest = (a: { readonly request: number }, b: { readonly request: number }) => a.request - b.request;

test('all requests with a behaviour are chosen where they are few, in an order that follows from the seed', () => {
  const chosen = chooseRequests(prepared, { plans, seed: 1, most: 5000 });
  expect([...chosen].sort(byRequest)).toEqual(eligible);
  expect(chosen).not.toEqual(eligible);
  expect(chooseRequests(prepared, { plans, seed: 1, most: 5000 })).toEqual(chosen);
  expect(chooseRequests(prepared, { plans, seed: 2, most: 5000 })).not.toEqual(chosen);
});

test('a choice of some is the begin of the same order', () => {
  const all = chooseRequests(prepared, { plans, seed: 1, most: 5000 });
  expect(chooseRequests(prepared, { plans, seed: 1, most: 40 })).toEqual(all.slice(0, 40));
});

const showable = (request: number, length: number, more: Partial<Showable> = {}): Showable => ({
  request,
  length,
  user: request,
  isPositive: false,
  tasks: 1,
  ...more,
});

test('histories are spread over the lengths from 5 to 40, one of each user', () => {
  const requests = Array.from({ length: 300 }, (_, at) => showable(at, 1 + (at % 100), { user: at % 150 }));
  const shown = chooseShown(requests, 6);
  const lengths = shown.map(({ length }) => length);
  expect(new Set(shown.map(({ user }) => user)).size).toBe(6);
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
  // Each is of its sixth of 5 .. 40.
  for (const [at, length] of lengths.entries()) {
    expect(length).toBeGreaterThanOrEqual(5 + 6 * at);
    expect(length).toBeLessThan(5 + 6 * (at + 1));
  }
});

test('a positive label comes first, then samples of several tasks', () => {
  const requests = [
    ...Array.from({ length: 20 }, (_, at) => showable(at, 10)),
    showable(20, 10, { tasks: 3 }),
    showable(21, 10, { isPositive: true }),
    showable(22, 10, { isPositive: true, tasks: 2 }),
    showable(23, 10, { isPositive: true, tasks: 2 }),
  ];
  expect(chooseShown(requests, 1).map(({ request }) => request)).toEqual([22]);
  expect(chooseShown(requests.slice(0, 22), 1).map(({ request }) => request)).toEqual([21]);
  expect(chooseShown(requests.slice(0, 21), 1).map(({ request }) => request)).toEqual([20]);
  expect(chooseShown(requests.slice(0, 20), 1).map(({ request }) => request)).toEqual([0]);
});

test('a user is shown with the best of its requests', () => {
  const requests = [
    showable(0, 10, { user: 4 }),
    showable(1, 12, { user: 4, isPositive: true }),
    showable(2, 14, { user: 4, tasks: 2 }),
  ];
  expect(chooseShown(requests, 1).map(({ request }) => request)).toEqual([1]);
});

test('other lengths do where few users have such histories, and few are shown where there are few users', () => {
  const requests = [showable(0, 1), showable(1, 90), showable(2, 8), showable(3, 8, { user: 2 })];
  expect(chooseShown(requests, 6).map(({ request }) => request)).toEqual([0, 2, 1]);
  expect(chooseShown([], 6)).toEqual([]);
});
