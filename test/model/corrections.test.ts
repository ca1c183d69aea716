import { expect, test } from 'vitest';
import type { TaskConfig } from '../../src/config/schema.js';
import { drawCorrection, weightCorrection } from '../../src/model/corrections.js';

const task = (settings: object) => settings as TaskConfig;
const drawing = (negatives: object) => task({ kind: 'binary', labels: { negatives } });
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

test('a yes or no that counts ten times is corrected by the logarithm of ten', () => {
  const [correction] = weightCorrection(task({ kind: 'binary', classWeights: [2, 20] }));
  // One in four is a yes; weighted, 10 of 13 are: the model says log(10 / 3).
  expect(sigmoid(Math.log(10 / 3) + correction!)).toBeCloseTo(1 / 4, 12);
  expect(weightCorrection(task({ kind: 'rank' }))).toEqual([0]);
});

test('classes are corrected one by one', () => {
  const corrections = weightCorrection(task({ kind: 'multiclass', classes: 3, classWeights: [1, 4, 2] }));
  // Shares 1/2, 1/4, 1/4; weighted 2/8, 4/8, 2/8.
  const odds = [2 / 8, 4 / 8, 2 / 8].map((share, label) => Math.exp(Math.log(share) + corrections[label]!));
  const total = odds.reduce((sum, value) => sum + value, 0);
  for (const [label, share] of [1 / 2, 1 / 4, 1 / 4].entries()) {
    expect(odds[label]! / total).toBeCloseTo(share, 12);
  }
  expect(weightCorrection(task({ kind: 'multiclass', classes: 2 }))).toEqual([0, 0]);
});

test('negatives that were drawn evenly are corrected by their share', () => {
  // 1 positive and 99 negatives, of which a ninth is drawn: 1 to 11.
  const correction = drawCorrection(drawing({ by: 'uniform' }), 1 / 9);
  expect(sigmoid(Math.log(1 / 11) + correction!)).toBeCloseTo(1 / 100, 12);
});

test('where each candidate had a chance of its own, no one number corrects', () => {
  expect(drawCorrection(drawing({ by: 'popularity' }), 0.1)).toBeNull();
  expect(drawCorrection(drawing({ by: 'uniform', within: 'category' }), 0.1)).toBeNull();
});

test('where nothing was drawn there is nothing to correct', () => {
  expect(drawCorrection(task({ kind: 'binary' }), undefined)).toBe(0);
  expect(drawCorrection(task({ kind: 'multiclass', labels: { level: {} } }), undefined)).toBe(0);
});
