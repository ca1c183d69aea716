import { describe, expect, it } from 'vitest';
import { costScale } from '../../src/report/cost-scale.js';

describe('costScale', () => {
  it('begins with 0, and is linear up to the least value above', () => {
    expect(costScale([0, 10, 0, 100, 30])).toEqual({ constant: 10, ticks: [0, 10, 20, 50, 100] });
  });

  it('has powers of ten alone where there would be many', () => {
    expect(costScale([0, 3, 45_000])).toEqual({ constant: 3, ticks: [0, 10, 100, 1000, 10_000] });
  });

  it('is linear up to what is no hundred thousandth of the largest, such as the time before the first step', () => {
    expect(costScale([0.00003, 0.5, 66])).toEqual({ constant: 0.5, ticks: [0, 0.5, 1, 2, 5, 10, 20, 50] });
  });

  it('has round ticks below 1', () => {
    expect(costScale([0.03, 0.7]).ticks).toEqual([0, 0.05, 0.1, 0.2, 0.5]);
  });

  it('works where nothing has cost anything', () => {
    expect(costScale([0])).toEqual({ constant: 1, ticks: [0] });
    expect(costScale([])).toEqual({ constant: 1, ticks: [0] });
  });
});
