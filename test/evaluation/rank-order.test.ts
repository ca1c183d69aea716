import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { rankOrder } from '../../src/evaluation/rank-order.js';

test('the order of scores is that of a stable sort', () => {
  const random = createRandom(5);
  const scores = Float32Array.from({ length: 3000 }, (_, i) =>
    i % 10 === 0 ? random.integer(5) - 2 : random.normal() * 10 ** (random.integer(40) - 20),
  );
  const expected = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b);
  expect([...rankOrder(scores)]).toEqual(expected);
});

test('a score that is not a number is an error, not a rank', () => {
  expect(() => rankOrder(Float32Array.of(1, Number.NaN))).toThrow(/score 1 is not a number/);
});

test('both zeros are one score', () => {
  expect([...rankOrder(Float32Array.of(0, -0, -1, 0, -0))]).toEqual([2, 0, 1, 3, 4]);
});
