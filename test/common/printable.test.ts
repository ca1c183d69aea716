import { expect, it } from 'vitest';
import { printable, printableLines } from '../../src/common/printable.js';

it('shows what would move or colour the terminal escaped, and leaves all else', () => {
  expect(printable('a\u001b[31mb\tc\r\nd\u0000\u007f\u009b')).toBe('a\\x1b[31mb\\tc\\r\\nd\\x00\\x7f\\x9b');
  expect(printable('\u202etxt\u2069\u2028')).toBe('\\u202etxt\\u2069\\u2028');
  expect(printable('\ud800 and \udfff')).toBe('\\ud800 and \\udfff');
  const texts = ['中文 кириллица é e\u0301 🙂 👩‍👩‍👧', 'C:\\dir'];
  expect(texts.map(printable)).toEqual(texts);
});

it('keeps the ends of lines of a text', () => {
  expect(printableLines('a\nb\u001b[2Jc\n')).toBe('a\nb\\x1b[2Jc\n');
});
