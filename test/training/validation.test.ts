import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ScoredSamples } from '../../src/model/score-batches.js';
import { validate } from '../../src/training/validation.js';

const scored = (task: string, outputs: number, logits: number[], label: number[]): ScoredSamples => ({
  ...{ task, outputs, logits: Float32Array.from(logits), label: Float32Array.from(label) },
  weight: new Float32Array(label.length).fill(1),
  request: Int32Array.from(label.keys()),
  sample: Int32Array.from(label.keys()),
});

async function* given(...batches: ScoredSamples[]) {
  yield* batches;
}

const folder = async () => join(await mkdtemp(join(tmpdir(), 'dupn-validation-')), 'scores');

test('the score of several tasks weighs each by the inverse of its standard error by chance', async () => {
  // Clicks: two of three positives above both negatives, one between: 5 / 6, of which the variance by chance is 6 / 72.
  const click = scored('click', 1, [1, 4, 2, 3, 5], [0, 1, 1, 0, 1]);
  // Levels: classes 0 and 1 in order (1), in samples of 1 and 3: 5 / 36 each; no sample is of class 2.
  const level = scored('level', 3, [3, 1, 0, 1, 3, 0, 1, 4, 0, 1, 5, 0], [0, 1, 1, 1]);
  const at = await folder();
  const { metrics, score } = await validate(given(click, level), at);
  expect(metrics['auc[click]']).toBeCloseTo(5 / 6, 12);
  expect(metrics['macroAuc[level]']).toBe(1);
  const [first, second] = [Math.sqrt(72 / 6), 2 / Math.sqrt(10 / 36)];
  expect(score).toBeCloseTo((first * (5 / 6) + second) / (first + second), 12);
  expect(existsSync(at)).toBe(false);
});

test('a small task that jumps does not outweigh a large one', async () => {
  const large = (swapped: number) => {
    const label = Array.from({ length: 2000 }, (_, i) => Number(i >= 1000));
    return scored(
      'large',
      1,
      [...label.keys()].map((i) => (i % 1000 < swapped ? -i : i)),
      label,
    );
  };
  const small = (best: boolean) => scored('small', 1, best ? [1, 2, 3, 4] : [1, 3, 2, 4], [0, 0, 1, 1]);
  const score = async (...batches: ScoredSamples[]) =>
    (await validate(given(...batches), await folder())).score!;
  const [early, late] = [
    await validate(given(large(120)), await folder()),
    await validate(given(large(0)), await folder()),
  ];
  expect(late.score! - early.score!).toBeGreaterThan(0.05);
  expect(late.score! - early.score!).toBeLessThan(0.125);
  // The plain mean would take the early one: the small task is .25 better there, the large one less than .125 worse.
  expect(await score(large(0), small(false))).toBeGreaterThan(await score(large(120), small(true)));
});

test('the score of one task is its area, and of samples of one kind nothing', async () => {
  const one = await validate(given(scored('click', 1, [1, 4, 2], [0, 1, 1])), await folder());
  expect(one.score).toBe(1);
  const none = await validate(given(scored('click', 1, [1, 4, 2], [1, 1, 1])), await folder());
  expect(none).toEqual({ metrics: {}, score: null });
});

test('scores that are no numbers end the validation', async () => {
  const at = await folder();
  await expect(validate(given(scored('click', 1, [1, Number.NaN], [0, 1])), at)).rejects.toThrow(
    'the scores of click on the validation part are not finite numbers',
  );
  expect(existsSync(at)).toBe(false);
});
