import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { meanInterval, spreadOf } from '../../src/experiments/statistics.js';

describe('spreadOf', () => {
  it('is the mean and the deviation with n - 1', () => {
    expect(spreadOf([1, 2, 6])).toEqual({ seeds: 3, mean: 3, deviation: Math.sqrt(7) });
  });

  it('has no deviation of one value', () => {
    expect(spreadOf([0.5])).toEqual({ seeds: 1, mean: 0.5, deviation: null });
  });
});

describe('meanInterval', () => {
  it('is that of the paired t test', () => {
    // Mean 3, deviation sqrt 7, t(0.975, 2) = 4.302653: 3 +- 4.302653 sqrt(7 / 3).
    const { low, high } = meanInterval(spreadOf([1, 2, 6]))!;
    expect(low).toBeCloseTo(3 - 4.302652729749 * Math.sqrt(7 / 3), 9);
    expect(high).toBeCloseTo(3 + 4.302652729749 * Math.sqrt(7 / 3), 9);
  });

  it('covers the mean that normal numbers were drawn with in 95 % of the samples', () => {
    let covered = 0;
    const random = createRandom(1, 'coverage');
    for (let sample = 0; sample < 10_000; sample++) {
      const { low, high } = meanInterval(spreadOf([random.normal(), random.normal(), random.normal()]))!;
      if (low <= 0 && 0 <= high) covered++;
    }
    // Five standard errors of a share of 10,000.
    expect(Math.abs(covered / 10_000 - 0.95)).toBeLessThan(0.011);
  });

  it('is a point where all seeds agree, and none of one seed', () => {
    expect(meanInterval(spreadOf([2, 2]))).toEqual({ low: 2, high: 2 });
    expect(meanInterval(spreadOf([2]))).toBeNull();
  });
});
