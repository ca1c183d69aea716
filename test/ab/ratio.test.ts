/** The delta method against a bootstrap over users, and over many experiments in which nothing differs. */
import { expect, test } from 'vitest';
import { compareVariants } from '../../src/ab/compare-variants.js';
import { type Moments, ratioOf } from '../../src/ab/ratio.js';
import { createRandom, type Random } from '../../src/common/random.js';

interface User {
  readonly x: number;
  readonly y: number;
}

function momentsOf(users: readonly User[]): Moments {
  const mean = (value: (user: User) => number) =>
    users.reduce((sum, user) => sum + value(user), 0) / users.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const scale = users.length / (users.length - 1);
  return {
    users: users.length,
    meanX,
    meanY,
    varianceX: scale * mean(({ x }) => (x - meanX) ** 2),
    varianceY: scale * mean(({ y }) => (y - meanY) ** 2),
    covariance: scale * mean(({ x, y }) => (x - meanX) * (y - meanY)),
  };
}

/** Users of many and of few impressions, each with a rate of clicks of their own: clicks of one user are no independent samples. */
function someUsers(random: Random, count: number): User[] {
  return Array.from({ length: count }, () => {
    const x = 1 + Math.floor(-8 * Math.log(1 - random.uniform()));
    const rate = 0.02 + 0.3 * random.uniform() ** 3;
    let y = 0;
    for (let at = 0; at < x; at++) if (random.uniform() < rate) y++;
    return { x, y };
  });
}

test('a ratio by hand', () => {
  // Clicks 1 of 2 and 3 of 4 impressions: r = 4 / 6.
  const estimate = ratioOf(
    momentsOf([
      { x: 2, y: 1 },
      { x: 4, y: 3 },
    ]),
  )!;
  expect(estimate.value).toBeCloseTo(2 / 3, 12);
  // Residuals y - r x are -1/3 and 1/3: variance 2/9, of the mean 1/9, over mean x^2 = 9.
  expect(estimate.standardError).toBeCloseTo(Math.sqrt(1 / 81), 12);
  expect(
    ratioOf(
      momentsOf([
        { x: 0, y: 0 },
        { x: 0, y: 0 },
      ]),
    ),
  ).toBeNull();
  expect(
    ratioOf({
      ...momentsOf([
        { x: 2, y: 1 },
        { x: 4, y: 3 },
      ]),
      users: 1,
    }),
  ).toBeNull();
});

test('the standard error is that of a bootstrap over users', () => {
  const random = createRandom('bootstrap');
  const users = someUsers(random, 500);
  const drawn = Array.from({ length: 4000 }, () => {
    let [x, y] = [0, 0];
    for (let at = 0; at < users.length; at++) {
      const user = users[random.integer(users.length)]!;
      x += user.x;
      y += user.y;
    }
    return y / x;
  });
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const deviation = Math.sqrt(drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length);
  const { value, standardError } = ratioOf(momentsOf(users))!;
  expect(standardError / deviation).toBeCloseTo(1, 1);
  expect(Math.abs(standardError / deviation - 1)).toBeLessThan(0.05);
  // One that took impressions for independent would be too sure.
  const impressions = users.reduce((sum, { x }) => sum + x, 0);
  expect(Math.sqrt((value * (1 - value)) / impressions) / deviation).toBeLessThan(0.85);
});

test('where nothing differs, 95 of 100 intervals say so', () => {
  const random = createRandom('nothing differs');
  const runs = 2000;
  let [differences, uplifts, small] = [0, 0, 0];
  for (let run = 0; run < runs; run++) {
    const [control, variant] = [someUsers(random, 400), someUsers(random, 250)].map(
      (users) => ratioOf(momentsOf(users))!,
    ) as [NonNullable<ReturnType<typeof ratioOf>>, NonNullable<ReturnType<typeof ratioOf>>];
    const { interval, upliftInterval, pValue } = compareVariants(control, variant);
    if (interval.low <= 0 && interval.high >= 0) differences++;
    if (upliftInterval!.low <= 0 && upliftInterval!.high >= 0) uplifts++;
    if (pValue! < 0.05) small++;
  }
  // Three standard deviations of a binomial are .0146.
  expect(Math.abs(differences / runs - 0.95)).toBeLessThan(0.015);
  expect(Math.abs(uplifts / runs - 0.95)).toBeLessThan(0.015);
  expect(small).toBe(runs - differences);
});

test('a difference that is there is found, and its size lies in the interval', () => {
  const random = createRandom('a difference');
  const runs = 500;
  let within = 0;
  for (let run = 0; run < runs; run++) {
    const better = someUsers(random, 800).map(({ x, y }) => ({ x, y: y + (random.uniform() < 0.1 ? 1 : 0) }));
    const result = compareVariants(ratioOf(momentsOf(someUsers(random, 800)))!, ratioOf(momentsOf(better))!);
    // A tenth of a click more for each user, of E[x] impressions.
    const truth = 0.1 / (1 + 1 / (Math.exp(1 / 8) - 1));
    if (result.interval.low <= truth && result.interval.high >= truth) within++;
  }
  expect(within / runs).toBeGreaterThan(0.92);
});
