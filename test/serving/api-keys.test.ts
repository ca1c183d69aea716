import { expect, test } from 'vitest';
import { keyCheck } from '../../src/serving/api-keys.js';

test('each of the keys is let in, and nothing else', () => {
  const check = keyCheck(' first-key,second-key\nthird ')!;
  for (const key of ['first-key', 'second-key', 'third']) {
    expect([check(`Bearer ${key}`), check(`bearer ${key}`)]).toEqual([true, true]);
  }
  const others = [undefined, '', 'Bearer', 'Bearer ', 'Bearer first-ke', 'Bearer first-key2', 'first-key'];
  expect(others.map(check)).toEqual(others.map(() => false));
  expect(check('Bearer first-key,second-key')).toBe(false);
});

test('without keys there is nothing to check', () => {
  expect([undefined, '', ' ,\n'].map(keyCheck)).toEqual([null, null, null]);
});
