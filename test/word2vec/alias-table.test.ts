import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { aliasTable, drawFrom } from '../../src/word2vec/alias-table.js';

test.each([
  ['one value', [3]],
  ['some', [1, 2, 3, 4]],
  ['zeros between', [0, 5, 0, 0, 1]],
  ['many', Array.from({ length: 1000 }, (_, i) => 1 / (i + 1))],
])('the slots add up to the weights: %s', (_, weights) => {
  const { own, other } = aliasTable(Float64Array.from(weights));
  const total = weights.reduce((a, b) => a + b, 0);
  const chances = new Float64Array(weights.length);
  for (const [slot, chance] of own.entries()) {
    chances[slot]! += chance / weights.length;
    chances[other[slot]!]! += (1 - chance) / weights.length;
  }
  for (const [i, weight] of weights.entries()) expect(chances[i]).toBeCloseTo(weight / total, 12);
});

test('draws come as often as they should', () => {
  const table = aliasTable(Float64Array.of(1, 0, 2, 5));
  const random = createRandom('draws');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 80_000; i++) counts[drawFrom(table, random.uniform())]!++;
  expect(counts[1]).toBe(0);
  // Three standard deviations of the largest are 420.
  for (const [i, expected] of [10_000, 0, 20_000, 50_000].entries()) {
    expect(Math.abs(counts[i]! - expected)).toBeLessThan(420);
  }
});

test('weights of zero alone are refused', () => {
  expect(() => aliasTable(new Float64Array(3))).toThrow(/a weight above 0/);
});
