import { expect, test } from 'vitest';
import { chiSquareTail, normalTails } from '../../src/ab/tail-probability.js';

// scipy.stats: 2 * norm.sf(z).
test.each([
  [0, 1],
  [0.5, 0.6170750774519738],
  [-1.959963984540054, 0.05],
  [2.9, 0.003731626600768075],
  [6, 1.973175290075e-9],
])('the tails of a normal distribution beyond %d are %d', (z, expected) => {
  expect(normalTails(z) / expected).toBeCloseTo(1, 9);
});

// scipy.stats.chi2.sf(x, degrees).
test.each([
  [0, 3, 1],
  [3.841458820694124, 1, 0.05],
  [10.827566170662733, 1, 0.001],
  [4, 2, 0.1353352832366127],
  [7.814727903251179, 3, 0.05],
  [9.487729036781154, 4, 0.05],
  [40, 7, 1.258790387371e-6],
])('P(X >= %d) with %d degrees of freedom is %d', (x, degrees, expected) => {
  expect(chiSquareTail(x, degrees) / expected).toBeCloseTo(1, 6);
});

test('the chi-square tail is the integral of its density', () => {
  const gammaHalf = (degrees: number): number =>
    degrees === 1 ? Math.sqrt(Math.PI) : degrees === 2 ? 1 : (degrees / 2 - 1) * gammaHalf(degrees - 2);
  for (let degrees = 1; degrees <= 9; degrees++) {
    const density = (x: number) =>
      (x ** (degrees / 2 - 1) * Math.exp(-x / 2)) / (2 ** (degrees / 2) * gammaHalf(degrees));
    const [from, to, steps] = [2.5, 80, 40_000];
    let sum = 0;
    for (let step = 0; step < steps; step++) sum += density(from + ((step + 0.5) * (to - from)) / steps);
    expect(chiSquareTail(from, degrees)).toBeCloseTo((sum * (to - from)) / steps, 6);
  }
});
