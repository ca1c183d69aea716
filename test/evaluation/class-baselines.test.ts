import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPrepared } from '../../src/dataset/prepared.js';
import { classBaselines } from '../../src/evaluation/class-baselines.js';
import { measuredRequests, usersOf } from '../../src/evaluation/measured.js';
import { makeWorld, windowOf } from '../dataset/prepared-world.js';
import { writeWorld } from '../dataset/write-world.js';
import { evaluate } from './evaluate-stream.js';
import { classMetrics } from './task-definitions.js';

test('the prior and the rates given the last item are those of the training samples', async () => {
  const world = makeWorld(11);
  const folder = await mkdtemp(join(tmpdir(), 'dupn-class-baselines-'));
  await writeWorld(folder, world);
  const prepared = openPrepared(folder);
  const got: Record<string, Readonly<Record<string, number | null>>> = {};
  for (const { name, isProbability, scored } of classBaselines(prepared, 'level')) {
    expect(isProbability).toBe(true);
    const users = usersOf(prepared, 'level', measuredRequests(prepared.manifest));
    const { metrics } = await evaluate(scored(), {
      tasks: { level: { kind: 'multiclass', outputs: 4, users, slices: null } },
      ...{ bootstrap: { samples: 0, seed: 1 }, ndcgAt: 10, folder: join(folder, 'work'), name },
    });
    got[name] = metrics;
  }
  prepared.close();
  expect(Object.keys(got)).toEqual(['prior', 'lastItem']);

  const samplesOf = (split: number) =>
    world.requests
      .filter((request) => request.split === split)
      .flatMap((request) =>
        request.samples.level!.map((sample) => ({ ...sample, last: windowOf(world, request, 1)[0]?.item })),
      );
  const training = samplesOf(0);
  const evaluation = samplesOf(2);
  const sum = (samples: typeof training) => samples.reduce((total, { weight }) => total + weight, 0);
  const classes = [0, 1, 2, 3];
  const prior = classes.map((k) => sum(training.filter(({ label }) => label === k)) / sum(training));
  const given = (last: number | undefined) => {
    const mine = last === undefined ? [] : training.filter((sample) => sample.last === last);
    return classes.map(
      (k) => (sum(mine.filter(({ label }) => label === k)) + 50 * prior[k]!) / (sum(mine) + 50),
    );
  };
  const measure = (probabilities: (last: number | undefined) => number[]) =>
    classMetrics(
      evaluation.map(({ label, weight, last }) => ({
        ...{ request: 0, user: 0, label, weight, codes: [] },
        logits: probabilities(last).map((p) => Math.fround(Math.log(p))),
      })),
      4,
    );
  expect(evaluation.length).toBeGreaterThan(50);
  for (const [name, expected] of Object.entries({ prior: measure(() => prior), lastItem: measure(given) })) {
    for (const [metric, value] of Object.entries(expected)) {
      expect(got[name]![`${metric}[level]`], `${name} ${metric}`).toBeCloseTo(value!, 6);
    }
  }
  expect(got.prior!['macroAuc[level]']).toBe(0.5);
  expect(existsSync(join(folder, 'work'))).toBe(false);
});

test('without a training sample there are none', async () => {
  const world = makeWorld(12);
  const requests = world.requests.filter(({ split }) => split > 0);
  const folder = await mkdtemp(join(tmpdir(), 'dupn-class-baselines-'));
  await writeWorld(folder, { ...world, requests });
  const prepared = openPrepared(folder);
  expect(classBaselines(prepared, 'level')).toEqual([]);
  prepared.close();
});
