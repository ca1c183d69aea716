import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SPLITS } from '../../src/common/prepared.js';
import { createRandom } from '../../src/common/random.js';
import { orderBatches, selectRequests } from '../../src/dataset/order.js';
import { openPrepared, type PreparedData } from '../../src/dataset/prepared.js';
import { makeWorld, windowOf } from './prepared-world.js';
import { writeWorld } from './write-world.js';

/** 20,010 requests with lengths from 0 to 100, named 7, 10, 13, ... */
function selection() {
  const { uniform } = createRandom(11);
  const requests = Int32Array.from({ length: 20_010 }, (_, i) => 3 * i + 7);
  const lengths = Int32Array.from(requests, () => Math.floor(101 * uniform() ** 2));
  return { requests, lengths };
}

const lengthOf = (selected: ReturnType<typeof selection>) => (request: number) =>
  selected.lengths[(request - 7) / 3]!;

function batchesOf(order: ReturnType<typeof orderBatches>): number[][] {
  return Array.from({ length: order.numBatches }, (_, i) => [...order.batch(i)]);
}

describe('orderBatches', () => {
  const selected = selection();
  const shuffled = batchesOf(orderBatches(selected, 32, { seed: 1, epoch: 0 }));

  it('gives every request once, in batches of the size asked for and one of what is left', () => {
    const flat = shuffled.flat();
    expect(flat.length).toBe(20_010);
    expect(new Set(flat)).toEqual(new Set(selected.requests));
    const sizes = shuffled.map((batch) => batch.length);
    expect(sizes.filter((size) => size === 32).length).toBe(625);
    expect(sizes.filter((size) => size === 10).length).toBe(1);
  });

  it('follows from the seed and the epoch alone', () => {
    expect(batchesOf(orderBatches(selected, 32, { seed: 1, epoch: 0 }))).toEqual(shuffled);
    for (const shuffle of [
      { seed: 1, epoch: 1 },
      { seed: 2, epoch: 0 },
    ]) {
      const other = batchesOf(orderBatches(selected, 32, shuffle));
      expect(other).not.toEqual(shuffled);
      expect(other.flat().sort((a, b) => a - b)).toEqual([...selected.requests]);
    }
  });

  it('puts histories of similar length together and permutes the batches', () => {
    const steps = shuffled.map((batch) => Math.max(...batch.map(lengthOf(selected))));
    const padded = steps.reduce((sum, longest, i) => sum + longest * shuffled[i]!.length, 0);
    const events = selected.lengths.reduce((sum, length) => sum + length, 0);
    expect(padded / events).toBeLessThan(1.1);
    const rises = steps.filter((longest, i) => i > 0 && longest > steps[i - 1]!).length;
    expect(rises / steps.length).toBeGreaterThan(0.4);
    expect(rises / steps.length).toBeLessThan(0.6);
  });

  it('draws the mates of a request anew in each epoch', () => {
    const mates = (epoch: number) =>
      new Set(batchesOf(orderBatches(selected, 32, { seed: 1, epoch })).find((batch) => batch.includes(7)));
    const [first, second] = [mates(0), mates(1)];
    expect([...first].filter((request) => second.has(request)).length).toBeLessThan(10);
  });

  it('without shuffling sorts pools of 50 batches of the stored order, equal lengths in their order', () => {
    const got = batchesOf(orderBatches(selected, 32, null));
    const expected: number[] = [];
    for (let start = 0; start < 20_010; start += 1600) {
      const pool = [...selected.requests.subarray(start, start + 1600)];
      expected.push(...pool.sort((a, b) => lengthOf(selected)(a) - lengthOf(selected)(b)));
    }
    expect(got.flat()).toEqual(expected);
  });

  it('gives no batch for no request', () => {
    const none = { requests: new Int32Array(0), lengths: new Int32Array(0) };
    expect(orderBatches(none, 32, { seed: 1, epoch: 0 }).numBatches).toBe(0);
  });
});

describe('selectRequests', () => {
  let folder: string;
  let prepared: PreparedData;
  const world = makeWorld(12);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dupn-order-'));
    await writeWorld(folder, world);
    prepared = openPrepared(folder);
  });
  afterAll(async () => {
    prepared.close();
    await rm(folder, { recursive: true });
  });

  it.each([[['ctr']], [['buy']], [['ctr', 'buy']], [[]]])(
    'takes the requests of a part that have a sample of %j',
    (tasks: string[]) => {
      for (const [split, name] of SPLITS.entries()) {
        const expected = [...world.requests.keys()].filter((i) => {
          const request = world.requests[i]!;
          return request.split === split && tasks.some((task) => request.samples[task]!.length > 0);
        });
        const { requests, lengths } = selectRequests(prepared, name, tasks, 9);
        expect([...requests]).toEqual(expected);
        expect([...lengths]).toEqual(expected.map((i) => windowOf(world, world.requests[i]!, 9).length));
      }
    },
  );
});
