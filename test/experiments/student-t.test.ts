import { describe, expect, it } from 'vitest';
import { studentQuantile } from '../../src/experiments/student-t.js';

describe('studentQuantile', () => {
  // By inverting the regularised incomplete beta function with 30 digits (mpmath), to all digits of printed tables.
  it.each([
    [0.975, 1, 12.70620473617],
    [0.975, 2, 4.302652729749],
    [0.975, 3, 3.182446305284],
    [0.975, 4, 2.776445105198],
    [0.975, 5, 2.570581835636],
    [0.975, 9, 2.262157162798],
    [0.975, 10, 2.228138851986],
    [0.975, 29, 2.045229642133],
    [0.975, 30, 2.042272456301],
    [0.975, 100, 1.983971518524],
    [0.975, 1000, 1.962339080826],
    [0.6, 1, 0.3249196962329],
    [0.6, 2, 0.2886751345948],
    [0.6, 7, 0.263166861352],
    [0.9995, 1, 636.6192487687],
    [0.9995, 2, 31.59905457644],
    [0.9995, 30, 3.645958635042],
    [0.025, 3, -3.182446305284],
    [0.025, 10, -2.228138851986],
  ])('%d of %d degrees of freedom is %d', (probability, degrees, t) => {
    expect(Math.abs(studentQuantile(probability, degrees) - t)).toBeLessThan(1e-9 * Math.max(1, Math.abs(t)));
  });

  it('is 0 in the middle', () => {
    expect(studentQuantile(0.5, 4)).toBeCloseTo(0, 12);
  });

  it.each([
    [0, 3],
    [1, 3],
    [0.9, 0],
    [0.9, 2.5],
  ])('has no value of %d with %d degrees of freedom', (probability, degrees) => {
    expect(() => studentQuantile(probability, degrees)).toThrow(RangeError);
  });
});
