import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { readLearningCurves } from '../../src/training/learning-curves.js';
import { runPaths } from '../../src/training/run-folder.js';

type Line = Record<string, number | string | null>;

async function curvesOf(lines: readonly Line[]) {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-learning-'));
  await writeFile(join(folder, runPaths.metrics), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return readLearningCurves(folder);
}

/** The loss of a task that has no sample in some steps is missing there, and null where it could not be measured. */
function trainLines(count: number): Line[] {
  const random = createRandom('learning', count);
  return Array.from({ length: count }, (_, at) => {
    const rare = random.integer(3);
    return {
      ...{ type: 'train', step: 20 * (at + 1), epoch: Math.floor(at / 70), loss: random.normal() },
      ...(rare === 0 ? {} : { 'loss[rare]': rare === 1 ? null : random.normal() }),
    };
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means of runs of 1, 2, 4, ... lines, the shortest that leave fewer than 200 whole ones. */
function thinned(lines: readonly Line[]) {
  let each = 1;
  while (Math.floor(lines.length / each) >= 200) each *= 2;
  return Array.from({ length: Math.ceil(lines.length / each) }, (_, at) => {
    const part = lines.slice(at * each, (at + 1) * each);
    const known = (name: string) =>
      part.map((line) => line[name]).filter((value) => typeof value === 'number');
    const rare = known('loss[rare]');
    const { step, epoch } = part.at(-1)!;
    return {
      step,
      epoch,
      loss: mean(known('loss')),
      ...(rare.length > 0 ? { 'loss[rare]': mean(rare) } : {}),
    };
  });
}

test.each([0, 1, 199, 200, 201, 399, 400, 401, 1000, 1601, 5003])(
  '%i training records become at most 200 means over all records that have a number',
  async (count) => {
    const lines = trainLines(count);
    const { training, validation } = await curvesOf(lines);
    const expected = thinned(lines);
    expect(training.length).toBeLessThanOrEqual(200);
    expect(training).toHaveLength(expected.length);
    for (const [at, point] of training.entries()) {
      expect(Object.keys(point).sort(), `${at}`).toEqual(Object.keys(expected[at]!).sort());
      for (const [name, value] of Object.entries(expected[at]!))
        expect(point[name], name).toBeCloseTo(value as number, 10);
    }
    expect(validation).toEqual([]);
  },
);

test('validation records stay as they are, those of a transfer are left out', async () => {
  const { training, validation } = await curvesOf([
    { type: 'train', step: 20, epoch: 0, loss: 0.5 },
    { type: 'validation', step: 30, epoch: 0, 'auc[ctr]': 0.6 },
    { type: 'curve', step: 30, auc: 0.9 },
    { type: 'validation', step: 60, epoch: 1, 'auc[ctr]': null },
  ]);
  expect(training).toEqual([{ step: 20, epoch: 0, loss: 0.5 }]);
  expect(validation).toEqual([
    { step: 30, epoch: 0, 'auc[ctr]': 0.6 },
    { step: 60, epoch: 1, 'auc[ctr]': null },
  ]);
});

test('half a line, as a full disk leaves it, is the end of the curves', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-learning-'));
  const whole = JSON.stringify({ type: 'train', step: 20, epoch: 0, loss: 0.5 });
  await writeFile(join(folder, runPaths.metrics), `${whole}\n${whole.slice(0, 30)}`);
  expect(await readLearningCurves(folder)).toEqual({
    training: [{ step: 20, epoch: 0, loss: 0.5 }],
    validation: [],
  });
});

test('a run without the file has no curves', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-learning-'));
  expect(await readLearningCurves(folder)).toEqual({ training: [], validation: [] });
});
