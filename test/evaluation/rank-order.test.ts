import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { groupOrder, rankOrder } from '../../src/evaluation/rank-order.js';

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

test('an order by group keeps the order within each group', () => {
  const random = createRandom(6);
  const groups = Int32Array.from({ length: 500 }, () => 40 + random.integer(30));
  const order = Uint32Array.from(groups.keys());
  random.shuffle(order);
  const rank = new Map([...order].map((sample, at) => [sample, at]));
  const expected = [...groups.keys()].sort((a, b) => groups[a]! - groups[b]! || rank.get(a)! - rank.get(b)!);
  expect([...groupOrder(order, groups)]).toEqual(expected);
  expect(groupOrder(new Uint32Array(0), new Int32Array(0))).toHaveLength(0);
});
