import { expect, test } from 'vitest';
import { Confusion } from '../../../src/evaluation/metrics/confusion.js';

test('a confusion matrix holds the weight by label and predicted class', () => {
  const confusion = new Confusion(3);
  const scores = Float32Array.of(0, 5, 1, 2, 2, 1, 0, 0, 7);
  expect(confusion.add(scores, 0, 0, 2)).toBe(1);
  expect(confusion.add(scores, 3, 0, 0.5)).toBe(0);
  expect(confusion.add(scores, 6, 2, 1)).toBe(2);
  expect(confusion.add(scores, 6, 2, 1)).toBe(2);
  expect(confusion.add(scores, 6, 1, 0)).toBe(2);
  expect(confusion.rows()).toEqual([
    [0.5, 2, 0],
    [0, 0, 0],
    [0, 0, 2],
  ]);
});
