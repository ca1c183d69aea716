import { expect, test } from 'vitest';
import { assignBy } from '../../src/serving/variants.js';

const shares = [
  { name: 'a', share: 90 },
  { name: 'b', share: 10 },
];
const users = Array.from({ length: 100_000 }, (_, at) => `user ${at}`);

test('users are spread by the shares, and stay where they are', () => {
  const assign = assignBy('spring', shares);
  const names = users.map(assign);
  const b = names.filter((name) => name === 'b').length;
  // Four standard deviations of a binomial.
  expect(Math.abs(b - 10_000)).toBeLessThan(4 * Math.sqrt(100_000 * 0.1 * 0.9));
  expect(users.map(assignBy('spring', shares))).toEqual(names);
});

test('another salt spreads them anew, independently', () => {
  const [first, second] = ['spring', 'summer'].map((salt) => assignBy(salt, shares)) as [
    (user: string) => string,
    (user: string) => string,
  ];
  const both = users.filter((user) => first(user) === 'b' && second(user) === 'b').length;
  expect(Math.abs(both - 1000)).toBeLessThan(4 * Math.sqrt(100_000 * 0.01 * 0.99));
});

test('a larger share takes users from the others, and moves nobody else', () => {
  const wider = assignBy('spring', [
    { name: 'a', share: 0.8 },
    { name: 'b', share: 0.2 },
  ]);
  const narrow = assignBy('spring', shares);
  for (const user of users.slice(0, 2000)) if (narrow(user) === 'b') expect(wider(user)).toBe('b');
  const none = assignBy('spring', [
    { name: 'a', share: 0 },
    { name: 'b', share: 5 },
  ]);
  expect(new Set(users.slice(0, 2000).map(none))).toEqual(new Set(['b']));
});
