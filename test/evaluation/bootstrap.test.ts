import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { bootstrapIntervals } from '../../src/evaluation/bootstrap.js';

test('the interval of a mean has the standard error of statistics and covers as often as it says', () => {
  const users = 80;
  let covered = 0;
  for (let round = 0; round < 100; round++) {
    const random = createRandom('coverage', round);
    const values = Float64Array.from({ length: users }, () => random.normal());
    const mean = (counts: Int32Array) => values.reduce((sum, v, u) => sum + v * counts[u]!, 0) / users;
    const { mean: interval } = bootstrapIntervals({ mean }, users, { samples: 300, seed: round });
    if (interval!.low <= 0 && 0 <= interval!.high) covered++;
    if (round === 0) {
      const average = values.reduce((a, b) => a + b, 0) / users;
      const deviation = Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / users);
      expect(Math.abs(interval!.standardError / (deviation / Math.sqrt(users)) - 1)).toBeLessThan(0.15);
    }
  }
  // 95 of 100 are meant; fewer than 88 or more than 99 would come about once in a thousand times.
  expect(covered).toBeGreaterThanOrEqual(88);
  expect(covered).toBeLessThanOrEqual(99);
});

test('every resample draws as many users as there are, each equally often', () => {
  const users = 50;
  const drawn = new Float64Array(users);
  const seen = (counts: Int32Array) => {
    counts.forEach((count, user) => {
      drawn[user]! += count;
    });
    return counts.reduce((a, b) => a + b, 0);
  };
  const { seen: interval } = bootstrapIntervals({ seen }, users, { samples: 2000, seed: 3 });
  expect(interval).toMatchObject({ low: users, high: users, standardError: 0 });
  // Each user's total is Poisson-like: mean 2000, deviation 45.
  for (const total of drawn) expect(Math.abs(total - 2000)).toBeLessThan(225);
});

test('a seed gives the same interval, another seed another, and all metrics the same resamples', () => {
  const first = (counts: Int32Array) => counts[0]!;
  const doubled = (counts: Int32Array) => 2 * counts[0]!;
  const of = (seed: number) => bootstrapIntervals({ first, doubled }, 30, { samples: 100, seed });
  expect(of(1)).toEqual(of(1));
  expect(of(1).first!.standardError).not.toBe(of(2).first!.standardError);
  expect(of(1).doubled!.standardError).toBeCloseTo(2 * of(1).first!.standardError, 12);
});

test('a metric that often has no value has no interval', () => {
  const withFirst = (counts: Int32Array) => (counts[0]! > 0 ? 1 : null);
  expect(bootstrapIntervals({ withFirst }, 30, { samples: 200, seed: 1 })).toEqual({ withFirst: null });
});
