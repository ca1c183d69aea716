import { expect, test } from 'vitest';
import { countRanges } from '../../../src/evaluation/slicing/count-ranges.js';

test('each count is in the range whose name says so', () => {
  const { values, codeOf } = countRanges([0, 1, 2, 5, 7, 8]);
  expect(values).toEqual(['0', '1', '2-4', '5-6', '7', '8+']);
  const names = Array.from({ length: 12 }, (_, count) => values[codeOf(count)]);
  expect(names).toEqual(['0', '1', '2-4', '2-4', '2-4', '5-6', '5-6', '7', '8+', '8+', '8+', '8+']);
  expect(values[codeOf(1e9)]).toBe('8+');
});
