import { expect, test } from 'vitest';
import { logProbabilities } from '../../src/model/probabilities.js';

test('log probabilities are those of the softmax of each row', () => {
  const scores = Float32Array.of(0, 1, 2, -1, 0.5, 0.5);
  const values = logProbabilities({ scores, classes: 3 });
  for (const start of [0, 3]) {
    const powers = [...scores.subarray(start, start + 3)].map(Math.exp);
    const total = powers.reduce((a, b) => a + b, 0);
    for (const [k, power] of powers.entries()) {
      expect(values[start + k]).toBeCloseTo(Math.log(power / total), 6);
    }
  }
});

test('log probabilities survive logits that overflow', () => {
  const scores = Float32Array.of(1000, 0, -1000, -2000, -2000, -2000);
  const values = [...logProbabilities({ scores, classes: 3 })];
  expect(values.slice(0, 3)).toEqual([0, -1000, -2000]);
  for (const value of values.slice(3)) expect(value).toBeCloseTo(-Math.log(3), 5);
});
