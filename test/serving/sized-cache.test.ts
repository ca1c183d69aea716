import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { SizedCache } from '../../src/serving/sized-cache.js';

test('what was not used for longest goes first', () => {
  const cache = new SizedCache<number>(10);
  cache.set('a', 1, 4);
  cache.set('b', 2, 4);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3, 4);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  cache.set('a', 4, 6);
  expect([cache.get('a'), cache.get('c'), cache.bytes]).toEqual([4, 3, 10]);
  cache.set('large', 5, 11);
  expect([cache.get('large'), cache.size]).toEqual([undefined, 2]);
});

test('never more bytes than it may have, and always those that it says', () => {
  const random = createRandom(1);
  const cache = new SizedCache<number>(1000);
  const sizes = new Map<string, number>();
  for (let step = 0; step < 5000; step++) {
    const key = `${random.integer(100)}`;
    const bytes = random.integer(200);
    cache.set(key, bytes, bytes);
    sizes.set(key, bytes);
    expect(cache.bytes).toBeLessThanOrEqual(1000);
  }
  const kept = [...sizes].filter(([key, bytes]) => cache.get(key) === bytes);
  expect(kept.length).toBe(cache.size);
  expect(kept.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(cache.bytes);
});
