import { expect, test } from 'vitest';
import { sliceText } from '../../src/common/slice-text.js';

test('a count says of what, and another value stays as it is', () => {
  expect(sliceText('query', '0')).toBe('0 words');
  expect(sliceText('query', '1')).toBe('1 word');
  expect(sliceText('candidate', '100-999')).toBe('100-999 training samples');
  expect(sliceText('behaviours', '100+')).toBe('100+ behaviours');
  expect(sliceText('user.age', '25-34')).toBe('25-34');
});
