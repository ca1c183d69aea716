import { expect, test } from 'vitest';
import { pText, pValuesText } from '../../src/common/p-value-text.js';

test('a p value is never shown as 0', () => {
  expect([0.0004, 0.001, 0.01449, 1].map(pText)).toEqual(['< 0.001', '0.001', '0.014', '1.000']);
});

test('of many, a twentieth lies below .05 by chance', () => {
  expect(pValuesText(37)).toMatch(/^Of 37 p values about 2 would lie below 0\.05 by chance alone\./);
  expect(pValuesText(6)).toMatch(/^Of 6 p values about 0\.3 would/);
  expect(pValuesText(1)).toMatch(/^One p value in twenty/);
});
