/** Two prepared folders of one log: the other has fewer requests and samples, in another order, of users numbered otherwise. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { preparedPaths } from '../../src/common/prepared.js';
import { createRandom } from '../../src/common/random.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { measuredRequests } from '../../src/evaluation/measured.js';
import { measuredSamples } from '../../src/evaluation/measured-samples.js';
import { findSameSamples, type SameSamples } from '../../src/evaluation/same-samples.js';
import type { ScoredSamples } from '../../src/model/score-batches.js';
import { makeWorld, type World, type WorldRequest } from '../dataset/prepared-world.js';
import { writeWorld } from '../dataset/write-world.js';
import { repeatEvaluation } from './many-requests.js';
import { limits, writeParquet } from './write-parquet.js';

const TASKS = ['ctr', 'level'] as const;

/** A request as the log knows it. */
interface Request extends WorldRequest {
  readonly id: string | null;
  readonly userId: string;
}

let work: string;
const folders = { own: '', other: '' };
const requests: { own: Request[]; other: Request[] } = { own: [], other: [] };

beforeAll(async () => {
  const root = join(await mkdtemp(join(tmpdir(), 'dupn-same-')), "it's");
  work = join(root, 'work');
  await mkdir(work, { recursive: true });
  const random = createRandom('same');
  const world = repeatEvaluation(makeWorld(41), 6);
  // Few candidates, so that some come twice; few times, so that requests without an id are alike.
  requests.own = world.requests.map((request, at) => ({
    ...request,
    time: request.time % 40,
    id: at % 3 === 0 ? null : `r${at % 5 === 0 ? 5 : at}`,
    userId: `user ${request.user % 20}`,
    samples: {
      ...request.samples,
      ctr: [...request.samples.ctr!, ...request.samples.ctr!.slice(0, 2)].map((sample) => ({
        ...sample,
        item: sample.item % 5,
      })),
    },
  }));
  const some = <T>(values: readonly T[]) => {
    const kept = [...values].filter(() => random.integer(5) > 0);
    const order = Int32Array.from(kept.keys());
    random.shuffle(order);
    return [...order].map((at) => kept[at]!);
  };
  requests.other = some(requests.own)
    .map((request) => ({
      ...request,
      user: 39 - request.user,
      // Some are of the training part there.
      split: request.split === 2 && random.integer(8) === 0 ? 0 : request.split,
      samples: {
        ...request.samples,
        ctr: some(request.samples.ctr!).map((sample) => ({ ...sample, weight: 2 * sample.weight })),
        level: some(request.samples.level!),
      },
    }))
    .sort((a, b) => a.split - b.split);
  for (const which of ['own', 'other'] as const) {
    folders[which] = join(root, which);
    await writePrepared(folders[which], { ...world, requests: requests[which] }, requests[which]);
  }
});

async function writePrepared(folder: string, world: World, rows: readonly Request[]): Promise<void> {
  await writeWorld(folder, world);
  const samples = (task: string) =>
    rows.flatMap((row, request) => row.samples[task]!.map((s) => ({ ...s, request })));
  await writeParquet(folder, {
    [preparedPaths.requests]: {
      columns: { request: 'INTEGER', request_id: 'VARCHAR', user_id: 'VARCHAR', time: 'BIGINT' },
      rows: rows.map(({ id, userId, time }, request) => [request, id, userId, time]),
    },
    [preparedPaths.samples('ctr')]: {
      columns: { sample: 'INTEGER', request: 'INTEGER', candidate: 'VARCHAR', label: 'FLOAT' },
      rows: samples('ctr').map(({ request, item, label }, sample) => [sample, request, `i${item}`, label]),
    },
    [preparedPaths.samples('level')]: {
      columns: { sample: 'INTEGER', request: 'INTEGER', label: 'FLOAT' },
      rows: samples('level').map(({ request, label }, sample) => [sample, request, label]),
    },
  });
}

/** Sample of the other folder -> sample and request of this one: the first of each kind with the first, and so on. */
function pairsByHand(task: string): Map<number, { sample: number; request: number }> {
  const numbered = (of: readonly Request[]) => {
    let sample = 0;
    return of.map((request, at) => ({
      ...{ request: at, split: request.split },
      key: JSON.stringify([request.id, request.userId, request.time]),
      samples: request.samples[task]!.map(({ item, label }) => ({
        key: `${item} ${label}`,
        sample: sample++,
      })),
    }));
  };
  const take = <T extends { readonly key: string }>(from: T[], key: string): T | undefined => {
    const at = from.findIndex((value) => value.key === key);
    return at === -1 ? undefined : from.splice(at, 1)[0];
  };
  const left = numbered(requests.other).filter(({ split }) => split === 2);
  const pairs = new Map<number, { sample: number; request: number }>();
  for (const own of numbered(requests.own).filter(({ split }) => split === 2)) {
    const other = take(left, own.key);
    if (!other) continue;
    for (const { key, sample } of own.samples) {
      const same = take(other.samples, key);
      if (same) pairs.set(same.sample, { sample, request: own.request });
    }
  }
  return pairs;
}

/** Batches of a folder in random order; logits tell sample and output. */
function scoredOf(folder: string, task: string, outputs: number): ScoredSamples[] {
  const prepared = openPrepared(folder);
  const [start, end] = measuredRequests(prepared.manifest);
  const batches: ScoredSamples[] = [];
  for (let from = start; from < end; from += 9) {
    for (const chunk of measuredSamples(prepared, task, [from, Math.min(from + 9, end)])) {
      const logits = Float32Array.from({ length: outputs * chunk.sample.length }, (_, at) => {
        return 10 * chunk.sample[Math.floor(at / outputs)]! + (at % outputs);
      });
      batches.push({ ...chunk, task, outputs, logits });
    }
  }
  prepared.close();
  return batches.reverse();
}

async function withSame<T>(task: string, of: [string, string], use: (same: SameSamples) => T): Promise<T> {
  const [prepared, other] = of.map((folder) => openPrepared(folder));
  const same = await findSameSamples({ prepared: prepared!, other: other!, task, folder: work, limits });
  try {
    return use(same);
  } finally {
    same.close();
    prepared!.close();
    other!.close();
  }
}

test.each(TASKS)('the samples of %s that both have are those of slow matching', async (task) => {
  const outputs = task === 'ctr' ? 1 : 3;
  const pairs = pairsByHand(task);
  const mine = new Set([...pairs.values()].map(({ sample }) => sample));
  const all = scoredOf(folders.own, task, outputs).flatMap(({ sample }) => [...sample]);
  // Some are alike and some are not.
  expect(pairs.size).toBeGreaterThan(20);
  expect(mine.size).toBeLessThan(all.length);
  await withSame(task, [folders.own, folders.other], (same) => {
    expect(same.samples).toBe(pairs.size);
    const kept = scoredOf(folders.own, task, outputs).map(same.ofThis);
    for (const { logits, sample } of kept) {
      const expected = [...sample].flatMap((at) => Array.from({ length: outputs }, (_, k) => 10 * at + k));
      expect([...logits]).toEqual(expected);
    }
    expect(kept.flatMap(({ sample }) => [...sample])).toEqual(all.filter((sample) => mine.has(sample)));
    const start = requests.own.findIndex(({ split }) => split === 2);
    const byRequest = new Set([...pairs.values()].map(({ request }) => request));
    expect([...same.hasSample]).toEqual(
      requests.own.slice(start).map((_, at) => (byRequest.has(start + at) ? 1 : 0)),
    );

    const labels = requests.own.flatMap(({ samples }) => samples[task]!.map(({ label }) => label));
    const weights = requests.own.flatMap(({ samples }) => samples[task]!.map(({ weight }) => weight));
    let at = 0;
    const theirs = scoredOf(folders.other, task, outputs);
    for (const [batch, { sample, request, logits, label, weight }] of theirs.map(same.ofOther).entries()) {
      const known = [...theirs[batch]!.sample].filter((other) => pairs.has(other));
      expect([...sample]).toEqual(known.map((other) => pairs.get(other)!.sample));
      expect([...request]).toEqual(known.map((other) => pairs.get(other)!.request));
      expect([...label]).toEqual([...sample].map((own) => labels[own]));
      // Those of the other folder are others.
      expect([...weight]).toEqual([...sample].map((own) => weights[own]));
      expect([...logits]).toEqual(
        known.flatMap((other) => Array.from({ length: outputs }, (_, k) => 10 * other + k)),
      );
      at += known.length;
    }
    expect(at).toBe(pairs.size);
  });
});

test('a folder has all samples in common with itself', async () => {
  await withSame('ctr', [folders.own, folders.own], (same) => {
    const scored = scoredOf(folders.own, 'ctr', 1);
    expect(scored.map(same.ofThis)).toEqual(scored);
    expect(scored.map(same.ofOther)).toEqual(scored);
  });
});

test('folders whose users are others have nothing in common', async () => {
  const strangers = join(work, 'strangers');
  const world = { ...makeWorld(41), requests: requests.own };
  await writePrepared(
    strangers,
    world,
    requests.own.map((request) => ({ ...request, userId: `another ${request.userId}` })),
  );
  await withSame('ctr', [folders.own, strangers], (same) => {
    expect(same.samples).toBe(0);
    expect(same.hasSample.every((has) => has === 0)).toBe(true);
    for (const batch of scoredOf(strangers, 'ctr', 1)) expect(same.ofOther(batch).sample).toHaveLength(0);
  });
});
