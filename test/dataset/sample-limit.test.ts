import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBatchBuilder } from '../../src/dataset/batch-builder.js';
import { measurePlan, planBatches } from '../../src/dataset/batch-plan.js';
import { selectRequests } from '../../src/dataset/order.js';
import { openPrepared, type PreparedData } from '../../src/dataset/prepared.js';
import { drawRequests, type SampleLimit } from '../../src/dataset/sample-limit.js';
import { makeWorld } from './prepared-world.js';
import { writeWorld } from './write-world.js';

const limit = (share: number, more: Partial<SampleLimit> = {}): SampleLimit => ({
  task: 'buy',
  share,
  seed: 1,
  ...more,
});

describe('drawRequests', () => {
  const requests = Int32Array.from({ length: 1000 }, (_, i) => 5 * i + 2);
  const drawn = (share: number, more?: Partial<SampleLimit>) => {
    const set = drawRequests(requests, limit(share, more));
    return new Set(requests.filter((request) => set.has(request)));
  };

  it('takes a smaller share from a larger one, and all at 1', () => {
    const shares = [0.001, 0.01, 0.1, 0.5, 1];
    const sets = shares.map((share) => drawn(share));
    expect(sets.map((set) => set.size)).toEqual([1, 10, 100, 500, 1000]);
    for (const [at, set] of sets.slice(1).entries()) {
      expect([...sets[at]!].every((request) => set.has(request))).toBe(true);
    }
    expect([...sets.at(-1)!].sort((a, b) => a - b)).toEqual([...requests]);
  });

  it('takes one at least, where there is one', () => {
    const three = requests.subarray(0, 3);
    const one = drawRequests(three, limit(1e-9));
    expect(three.filter((request) => one.has(request))).toHaveLength(1);
    expect(drawRequests(new Int32Array(0), limit(0.5)).has(0)).toBe(false);
  });

  it('follows from the seed and the task, and leaves its input as it is', () => {
    const before = requests.slice();
    expect(drawn(0.1)).toEqual(drawn(0.1));
    expect(drawn(0.1, { seed: 2 })).not.toEqual(drawn(0.1));
    expect(drawn(0.1, { task: 'ctr' })).not.toEqual(drawn(0.1));
    expect(requests).toEqual(before);
  });
});

describe('a limited task', () => {
  const world = makeWorld(21);
  let folder: string;
  let prepared: PreparedData;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dupn-limit-'));
    await writeWorld(folder, world);
    prepared = openPrepared(folder);
  });
  afterAll(async () => {
    prepared.close();
    await rm(folder, { recursive: true });
  });

  const requestsWith = (...tasks: string[]) =>
    world.requests.flatMap(({ split, samples }, at) =>
      split === 0 && tasks.some((task) => samples[task]!.length > 0) ? [at] : [],
    );
  const select = (tasks: string[], share: number) =>
    selectRequests(prepared, 'training', tasks, 9, limit(share));

  it('alone fills an epoch by repeating the requests that are drawn', () => {
    const all = requestsWith('buy');
    const { requests, lengths, drawn } = select(['buy'], 0.3);
    expect(requests).toHaveLength(all.length);
    expect(lengths).toHaveLength(all.length);
    const kept = all.filter((request) => drawn!.has(request));
    expect(new Set(requests)).toEqual(new Set(kept));
    expect(kept).toHaveLength(Math.round(0.3 * all.length));
    const times = [...kept].map((request) => requests.filter((each) => each === request).length);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
    for (const [at, request] of requests.entries()) {
      expect(lengths[at]).toBe(Math.min(world.requests[request]!.end, 9));
    }
  });

  it('at share 1 gives what there is without a limit', () => {
    for (const tasks of [['buy'], ['ctr', 'buy']]) {
      const whole = selectRequests(prepared, 'training', tasks, 9);
      const { requests, lengths } = select(tasks, 1);
      expect([requests, lengths]).toEqual([whole.requests, whole.lengths]);
    }
  });

  it('among others loses its other samples, while the others keep all of theirs', () => {
    const tasks = ['ctr', 'buy', 'follow'];
    const { requests, drawn } = select(tasks, 0.2);
    const kept = requestsWith(...tasks).filter(
      (request) => drawn!.has(request) || requestsWith('ctr', 'follow').includes(request),
    );
    expect([...requests]).toEqual(kept);
    expect(kept.length).toBeLessThan(requestsWith(...tasks).length);

    const plan = { split: 'training', tasks, maxEvents: 9, batchRequests: 32, limit: limit(0.2) } as const;
    expect(measurePlan(prepared, { ...plan, shuffle: null })).toEqual({
      requests: kept.length,
      batches: Math.ceil(kept.length / 32),
    });
    const seen: Record<string, number[]> = { ctr: [], buy: [], follow: [] };
    const shuffle = { seed: 1, epoch: 0 };
    for (const batch of planBatches(prepared, createBatchBuilder(prepared), { ...plan, shuffle })) {
      for (const task of tasks) {
        const { sample, request } = batch.tasks[task]!;
        seen[task]!.push(...sample);
        if (task === 'buy') {
          expect([...request].every((row) => drawn!.has(batch.requests[row]!))).toBe(true);
        }
      }
    }
    const samplesOf = (task: string, of: (request: number) => boolean) => {
      let next = 0;
      return world.requests.flatMap(({ split, samples }, at) =>
        samples[task]!.flatMap(() => {
          const sample = next++;
          return split === 0 && of(at) ? [sample] : [];
        }),
      );
    };
    const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
    expect(sorted(seen.ctr!)).toEqual(samplesOf('ctr', () => true));
    expect(sorted(seen.follow!)).toEqual(samplesOf('follow', () => true));
    expect(sorted(seen.buy!)).toEqual(samplesOf('buy', (request) => drawn!.has(request)));
  });

  it('is one of the training part: each part draws from its own requests', () => {
    const { requests, drawn } = selectRequests(prepared, 'evaluation', ['buy'], 9, limit(0.5));
    expect([...requests].every((request) => world.requests[request]!.split === 2)).toBe(true);
    expect(world.requests.filter(({ split }, request) => split !== 2 && drawn!.has(request))).toEqual([]);
    expect([...requests].every((request) => drawn!.has(request))).toBe(true);
  });
});
