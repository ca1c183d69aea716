import { expect, it } from 'vitest';
import { percent } from '../../src/common/percent.js';

it('writes a share with three digits at most', () => {
  expect([1, 0.125, 0.1 + 0.2, 0.0012345, 0].map(percent)).toEqual([
    '100 %',
    '12.5 %',
    '30 %',
    '0.123 %',
    '0 %',
  ]);
});
