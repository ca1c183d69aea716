import { expect, test } from 'vitest';
import { messageOf, UserError } from '../../src/common/errors.js';

test('a user error keeps its cause and is told apart from other errors', () => {
  const cause = new Error('ENOENT');
  const error = new UserError('Cannot read a.yaml: no such file', { cause });
  expect(error).toBeInstanceOf(UserError);
  expect(error.cause).toBe(cause);
  expect(messageOf(error)).toBe('Cannot read a.yaml: no such file');
  expect(messageOf('text')).toBe('text');
});
