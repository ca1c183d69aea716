import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPrepared } from '../../src/dataset/prepared.js';
import { measuredParts, measuredRequests, samplesOf, usersOf } from '../../src/evaluation/measured.js';
import { measuredSamples } from '../../src/evaluation/measured-samples.js';
import { makeWorld } from '../dataset/prepared-world.js';
import { writeWorld } from '../dataset/write-world.js';
import { patchManifest } from './write-parquet.js';

test('samples come request after request, in pieces that no request is cut by', async () => {
  const made = makeWorld(51);
  // More requests than a piece has, and parts of the split of which one is longer than that.
  const world = {
    ...made,
    requests: Array.from({ length: 14 }, () => made.requests)
      .flat()
      .sort((a, b) => a.split - b.split),
  };
  const folder = await mkdtemp(join(tmpdir(), 'dupn-measured-'));
  await writeWorld(folder, world);
  const prepared = openPrepared(folder);
  try {
    for (const task of ['ctr', 'level']) {
      const all = world.requests.flatMap(({ samples }, request) =>
        samples[task]!.map((sample) => ({ ...sample, request })),
      );
      for (const [start, end] of [
        [0, world.requests.length],
        [13, 5000],
        [20, 20],
      ] as const) {
        const chunks = [...measuredSamples(prepared, task, [start, end])];
        const got = chunks.flatMap((chunk) =>
          Array.from(chunk.sample, (sample, at) => ({
            sample,
            ...{ request: chunk.request[at], item: chunk.candidate?.[at] ?? -1 },
            ...{ label: chunk.label[at], weight: chunk.weight[at] },
          })),
        );
        const expected = all.flatMap(({ request, item, label, weight }, sample) =>
          request >= start && request < end ? [{ sample, request, item, label, weight }] : [],
        );
        expect(got).toEqual(expected);
        if (end - start > 4096) expect(chunks.length).toBeGreaterThan(1);
        for (const [at, chunk] of chunks.slice(1).entries()) {
          expect(chunk.request[0]).toBeGreaterThan(chunks[at]!.request.at(-1)!);
        }
      }
    }
  } finally {
    prepared.close();
  }
});

test('what is measured is the evaluation part, or all of an update', async () => {
  const world = makeWorld(52);
  const folder = await mkdtemp(join(tmpdir(), 'dupn-measured-'));
  await writeWorld(folder, world);
  const of = (splits: readonly number[]) => {
    const prepared = openPrepared(folder);
    const range = measuredRequests(prepared.manifest);
    const parts = measuredParts(prepared.manifest);
    const users = usersOf(prepared, 'buy', range);
    const samples = samplesOf(prepared, 'buy', range);
    prepared.close();
    const chosen = world.requests.flatMap((request, at) => (splits.includes(request.split) ? [at] : []));
    expect(range).toEqual([chosen[0], chosen.at(-1)! + 1]);
    const asked = chosen.filter((at) => world.requests[at]!.samples.buy!.length > 0);
    expect(samples[1] - samples[0]).toBe(asked.length);
    const known = [...new Set(asked.map((at) => world.requests[at]!.user))];
    expect(users.count).toBe(known.length);
    expect(asked.map(users.of)).toEqual(asked.map((at) => known.indexOf(world.requests[at]!.user)));
    return parts;
  };
  expect(of([2])).toEqual(['evaluation']);
  await patchManifest(folder, { updateFrom: '1970-01-01T00:00:00Z' });
  expect(of([0, 1])).toEqual(['training', 'validation']);
});
