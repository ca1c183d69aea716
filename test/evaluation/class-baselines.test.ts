import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPrepared } from '../../src/dataset/prepared.js';
import { accuracy } from '../../src/evaluation/accuracy.js';
import { classBaselines } from '../../src/evaluation/class-baselines.js';
import { macroAuc } from '../../src/evaluation/macro-auc.js';
import { makeWorld, windowOf } from '../dataset/prepared-world.js';
import { writeWorld } from '../dataset/write-world.js';

test('the prior and the rates given the last item are those of the training samples', async () => {
  const world = makeWorld(11);
  const folder = await mkdtemp(join(tmpdir(), 'dupn-class-baselines-'));
  await writeWorld(folder, world);
  const prepared = openPrepared(folder);
  const got = classBaselines(prepared, 'level');
  prepared.close();

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
  const measure = (probabilities: (last: number | undefined) => number[]) => {
    const samples = {
      scores: Float32Array.from(evaluation.flatMap(({ last }) => probabilities(last).map(Math.log))),
      classes: 4,
      labels: Float32Array.from(evaluation, ({ label }) => label),
      weights: Float32Array.from(evaluation, ({ weight }) => weight),
    };
    return { accuracy: accuracy(samples), macroAuc: macroAuc(samples) };
  };
  expect(evaluation.length).toBeGreaterThan(50);
  expect(got.prior!.accuracy).toBeCloseTo(measure(() => prior).accuracy!, 12);
  expect(got.prior!.macroAuc).toBe(0.5);
  expect(got.lastItem!.accuracy).toBeCloseTo(measure(given).accuracy!, 12);
  expect(got.lastItem!.macroAuc).toBeCloseTo(measure(given).macroAuc!, 6);
});
