import { describe, expect, it } from 'vitest';
import { tinyText, worstSlices } from '../../src/common/worst-slices.js';

const slice = (value: string, area: number | null, half: number | null, change: object = {}) => ({
  ...{ value, samples: 100, labels: [60, 40], area, logLoss: 0.5, tiny: false },
  interval: half === null ? null : { low: area! - half, high: area! + half },
  ...change,
});

const names = (columns: Parameters<typeof worstSlices>[0]) =>
  worstSlices(columns).slices.map(({ column, value }) => `${column} ${value}`);

describe('worstSlices', () => {
  it('go by the upper ends of their intervals, over all columns', () => {
    const columns = [
      { column: 'a', within: 0.7, slices: [slice('wide', 0.5, 0.3), slice('narrow', 0.6, 0.02)] },
      {
        column: 'b',
        within: 0.7,
        slices: [slice('none', 0.7, null), slice('tiny', 0.1, 0.01, { tiny: true })],
      },
      { column: 'c', within: 0.7, slices: [slice('one label', null, null)] },
    ];
    expect(names(columns)).toEqual(['a narrow', 'b none', 'a wide']);
  });

  it('have the same samples once, by the first column that has them', () => {
    const columns = [
      { column: 'shop', within: 0.7, slices: [slice('s1', 0.6, 0.02)] },
      {
        column: 'brand',
        within: 0.7,
        slices: [slice('b1', 0.6, 0.02), slice('b2', 0.6, 0.02, { samples: 99 })],
      },
      { column: 'city', within: 0.7, slices: [slice('c1', 0.6, 0.02, { labels: [59, 41] })] },
      { column: 'hour', within: 0.7, slices: [slice('h1', 0.6, 0.02, { logLoss: 0.51 })] },
    ];
    expect(names(columns)).toEqual(['shop s1', 'city c1', 'hour h1', 'brand b2']);
  });

  it('are told how many end below the mean of their own column, and how many chance would give', () => {
    const slices = Array.from({ length: 80 }, (_, at) => slice(`${at}`, 0.5 + at / 1000, 0.001));
    const columns = [
      // .5 + .001 at the least, .579 + .001 at the most: those up to .5089 end below .51.
      { column: 'a', within: 0.51, slices },
      { column: 'b', within: null, slices: [slice('x', 0.4, 0.01)] },
    ];
    expect(worstSlices(columns).caution).toBe(
      'The lowest of many slices looks worse than it is: of 80 slices 9 end below the mean of their column, ' +
        'where chance alone would give about 2.0.',
    );
    const two = [{ column: 'a', within: 0.5, slices: [slice('x', 0.4, null), slice('y', 0.6, null)] }];
    expect(worstSlices(two).caution).toBe('The lowest of many slices looks worse than it is.');
    expect(worstSlices([{ ...two[0]!, slices: [slice('x', 0.4, 0.1)] }]).caution).toBe('');
  });
});

describe('tinyText', () => {
  it('says so where there are slices and none can be shown', () => {
    const tiny = slice('x', 0.4, 0.1, { tiny: true });
    expect(tinyText([{ column: 'a', within: 0.4, slices: [tiny] }])).toBe(
      'no slice (of 1) has enough samples and users to tell where the task is weak',
    );
    expect(tinyText([{ column: 'a', within: 0.4, slices: [tiny, slice('y', 0.4, 0.1)] }])).toBeNull();
    expect(tinyText([])).toBeNull();
  });
});
