import { expect, test } from 'vitest';
import { smoothed } from '../../../src/report/run/smoothed.js';

test('a saw becomes its mean, and a line and both ends stay what they are', () => {
  const saw = Array.from({ length: 24 }, (_, at) => (at % 2 === 0 ? 1 : 3));
  const flat = smoothed(saw);
  // Two neighbours to each side: of five values two or three are 3.
  for (const value of flat.slice(2, -2)) expect([1.8, 2.2]).toContain(Number(value.toFixed(6)));
  expect([flat[0], flat.at(-1)]).toEqual([1, 3]);
  const line = Array.from({ length: 100 }, (_, at) => 2 * at);
  smoothed(line).forEach((value, at) => {
    expect(value).toBeCloseTo(2 * at, 9);
  });
});

test('few values stay as they are', () => {
  expect(smoothed([3, 1, 2])).toEqual([3, 1, 2]);
  expect(smoothed([])).toEqual([]);
});
