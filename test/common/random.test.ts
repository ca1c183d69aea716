import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';

test('the same labels give the same numbers, other labels others', () => {
  const first = (...labels: (string | number)[]) => {
    const random = createRandom(...labels);
    return [random.uniform(), random.uniform(), random.uniform()];
  };
  expect(first(1, 'order', 2)).toEqual(first(1, 'order', 2));
  expect(first(1, 'order', 2)).not.toEqual(first(1, 'order', 3));
  expect(first(1, 'a')).not.toEqual(first('1', 'a'));
});

test('uniform numbers fill [0, 1) evenly', () => {
  const random = createRandom(7);
  const bins = new Int32Array(20);
  const count = 200_000;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const x = random.uniform();
    bins[Math.floor(x * 20)]!++;
    sum += x;
  }
  expect(sum / count).toBeCloseTo(0.5, 2);
  // Chi-squared with 19 degrees of freedom: 43.8 is passed once in a thousand times.
  const expected = count / 20;
  const chiSquared = bins.reduce((total, n) => total + (n - expected) ** 2 / expected, 0);
  expect(chiSquared).toBeLessThan(43.8);
});

test('normal numbers have mean 0, deviation 1 and the tails of a normal distribution', () => {
  const random = createRandom(8);
  const values = Array.from({ length: 100_000 }, () => random.normal());
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  expect(mean).toBeCloseTo(0, 1);
  expect(variance).toBeCloseTo(1, 1);
  expect(values.filter((x) => Math.abs(x) > 1.96).length / values.length).toBeCloseTo(0.05, 2);
});

test('every order of three comes out about as often', () => {
  const random = createRandom(9);
  const seen = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const values = [0, 1, 2];
    random.shuffle(values);
    seen.set(values.join(), (seen.get(values.join()) ?? 0) + 1);
  }
  expect(seen.size).toBe(6);
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
