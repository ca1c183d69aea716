import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { type Bootstrap, drawBlocks, intervalOf, pairedInterval } from '../../src/evaluation/bootstrap.js';
import { quantileOf } from './definitions.js';

/** How often each user was drawn, by resample. */
function drawn(users: number, bootstrap: Bootstrap): number[][] {
  const resamples: number[][] = [];
  for (const { first, width, counts } of drawBlocks(users, bootstrap)) {
    expect(first).toBe(resamples.length);
    for (let at = 0; at < width; at++) {
      resamples.push(Array.from({ length: users }, (_, user) => counts[user * width + at]!));
    }
  }
  return resamples;
}

test.each([
  [0, 5],
  [1, 3],
  [7, 1],
  [30, 63],
  [30, 64],
  [30, 65],
  [200, 150],
])('the users of %d are drawn as one loop over %d resamples would draw them', (users, samples) => {
  const random = createRandom(5, 'bootstrap');
  const expected = Array.from({ length: samples }, () => {
    const counts = new Array<number>(users).fill(0);
    for (let draw = 0; draw < users; draw++) counts[random.integer(users)]!++;
    return counts;
  });
  expect(drawn(users, { samples, seed: 5 })).toEqual(expected);
});

test('no resamples are no blocks; another seed draws others', () => {
  expect(drawn(10, { samples: 0, seed: 1 })).toEqual([]);
  expect(drawn(10, { samples: 5, seed: 1 })).not.toEqual(drawn(10, { samples: 5, seed: 2 }));
});

test('each user is drawn equally often', () => {
  const totals = drawn(50, { samples: 2000, seed: 3 }).reduce((sums, counts) =>
    sums.map((sum, user) => sum + counts[user]!),
  );
  expect(totals.reduce((a, b) => a + b)).toBe(50 * 2000);
  // Each total is Poisson-like: mean 2000, deviation 45.
  for (const total of totals) expect(Math.abs(total - 2000)).toBeLessThan(225);
});

test('the interval of a mean has the standard error of statistics and covers as often as it says', () => {
  const users = 80;
  let covered = 0;
  for (let round = 0; round < 100; round++) {
    const random = createRandom('coverage', round);
    const values = Float64Array.from({ length: users }, () => random.normal());
    const means = drawn(users, { samples: 300, seed: round }).map(
      (counts) => counts.reduce((sum, count, user) => sum + values[user]! * count, 0) / users,
    );
    const interval = intervalOf(Float64Array.from(means));
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

test('an interval is of the quantiles of the resamples, and of their standard deviation', () => {
  const values = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(values, (drawn) => {
      const { low, high, standardError } = intervalOf(Float64Array.from(drawn))!;
      expect(low).toBeCloseTo(quantileOf(drawn, 0.025), 10);
      expect(high).toBeCloseTo(quantileOf(drawn, 0.975), 10);
      const mean = drawn.reduce((a, b) => a + b) / drawn.length;
      const squares = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      expect(standardError).toBeCloseTo(Math.sqrt(squares / (drawn.length - 1)), 10);
    }),
    { seed: 1 },
  );
});

test('an interval by hand: 0 to 40 in any order', () => {
  const values = Float64Array.from({ length: 41 }, (_, at) => (at * 7) % 41);
  // 0.025 * 40 = 1 and 0.975 * 40 = 39; the variance of 0 .. 40 is 41 * 42 / 12.
  expect(intervalOf(values)).toEqual({
    low: 1,
    high: 39,
    standardError: expect.closeTo(Math.sqrt((41 * 42) / 12), 10),
  });
});

test('a metric that has no value in more than a tenth of the resamples has no interval', () => {
  const withMissing = (missing: number) =>
    Float64Array.from({ length: 100 }, (_, at) => (at < missing ? Number.NaN : at));
  expect(intervalOf(withMissing(11))).toBeNull();
  expect(intervalOf(withMissing(10))).toMatchObject({
    low: expect.closeTo(10 + 0.025 * 89, 10),
    high: expect.closeTo(10 + 0.975 * 89, 10),
  });
  expect(intervalOf(Float64Array.of(1))).toBeNull();
  expect(intervalOf(new Float64Array(0))).toBeNull();
  expect(pairedInterval(withMissing(11))).toBeNull();
});

test('a p value is twice the share of the resamples beyond 0, and never 0', () => {
  const p = (values: number[]) => pairedInterval(Float64Array.from(values))!.pValue;
  const below = Array.from({ length: 99 }, (_, at) => -1 - at);
  expect(p(below)).toBe(2 / 100);
  expect(p(below.map((value) => -value))).toBe(2 / 100);
  // Four of 99 lie on the other side.
  expect(p(below.map((value, at) => (at < 4 ? -value : value)))).toBe((2 * 5) / 100);
  expect(p(new Array(50).fill(0))).toBe(1);
  expect(p([-1, 1])).toBe(1);
  // One that is 0 is on both sides.
  expect(p([-1, -2, -3, -4, 0])).toBe((2 * 2) / 6);
  // Those without a value are not counted.
  expect(p([...below.slice(0, 19), Number.NaN])).toBe(2 / 20);
});

test('the p value of the opposite differences is the same', () => {
  const values = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(values, (differences) => {
      const { low, high, pValue } = pairedInterval(Float64Array.from(differences))!;
      const opposite = pairedInterval(Float64Array.from(differences, (value) => 0 - value))!;
      expect(opposite.pValue).toBe(pValue);
      expect(opposite.low).toBeCloseTo(-high, 12);
      expect(opposite.high).toBeCloseTo(-low, 12);
      expect(pValue).toBeGreaterThan(0);
      expect(pValue).toBeLessThanOrEqual(1);
    }),
    { seed: 1 },
  );
});
