import { expect, test } from 'vitest';
import { isTiny, type Slice, sliceStarts, worstFirst } from '../../../src/evaluation/slicing/slices.js';

test('a slice is tiny below 20 users, or 30 samples of a second label', () => {
  expect(isTiny([30, 30], 20)).toBe(false);
  expect(isTiny([30, 30], 19)).toBe(true);
  expect(isTiny([1000, 29], 20)).toBe(true);
  expect(isTiny([0, 29, 30, 30], 20)).toBe(false);
  expect(isTiny([0, 29, 30], 20)).toBe(true);
});

test('the worst slices come first, tiny ones last, those without an area after the others', () => {
  const slice = (
    value: string,
    area: number | null,
    tiny: boolean,
    { samples = 10, high }: { readonly samples?: number; readonly high?: number } = {},
  ): Slice => ({
    ...{ value, area, tiny, samples, labels: [], users: 0, share: 0 },
    interval: high === undefined ? null : { low: 0, high, standardError: 0 },
    ...{ logLoss: null, predictedOverObserved: null },
  });
  const sorted = [
    slice('bad', 0.4, false),
    slice('surely not good', 0.5, false, { high: 0.55 }),
    slice('bad by chance', 0.3, false, { high: 0.75 }),
    slice('good', 0.8, false, { samples: 20 }),
    slice('good, fewer samples', 0.8, false),
    slice('none', null, false),
    slice('tiny and bad', 0.1, true),
    slice('tiny and good', 0.9, true),
    slice('tiny without', null, true),
  ];
  expect([...sorted].reverse().sort(worstFirst)).toEqual(sorted);
  const shuffled = [3, 0, 7, 6, 2, 8, 5, 1, 4].map((at) => sorted[at]!);
  expect(shuffled.sort(worstFirst)).toEqual(sorted);
});

test('slices are numbered column after column', () => {
  const columns = [3, 0, 2].map((length, at) => ({
    column: `${at}`,
    values: new Array<string>(length).fill(''),
  }));
  expect(sliceStarts({ columns })).toEqual([0, 3, 3, 5]);
});
