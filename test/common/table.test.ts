import { expect, it } from 'vitest';
import { formatTable } from '../../src/common/table.js';

it('a table aligns texts to the left, numbers to the right, and shows null as a dash', () => {
  const table = formatTable(
    ['task', 'auc', 'note'],
    [
      ['ctr', 0.7035, 'good'],
      ['conversion', null, ''],
      ['x', 12, 'a b'],
    ],
  );
  expect(table).toBe(
    [
      'task           auc  note',
      '----------  ------  ----',
      'ctr         0.7035  good',
      'conversion       -',
      'x               12  a b',
      '',
    ].join('\n'),
  );
});

it('a table without rows is its header', () => {
  expect(formatTable(['a', 'long'], [])).toBe('a  long\n-  ----\n');
});

/** In columns of a terminal, worked out here by hand for the characters of the tests alone. */
function columnsOf(text: string): number {
  const wide = /[\u4e00-\u9fff\uff00-\uffef]|\p{Emoji_Presentation}/u;
  const nothing = /\p{Mn}/u;
  return [...text].reduce((sum, each) => sum + (nothing.test(each) ? 0 : wide.test(each) ? 2 : 1), 0);
}

it('columns align whatever the width of the characters', () => {
  const words = ['用户画像', 'x', 'e\u0301te\u0301', '🙂', 'ｆｕｌｌ', 'é', 'кот'];
  const table = formatTable(
    ['名', 'n'],
    words.map((word, at) => [word, at]),
  );
  const [header, rule, ...lines] = table.trimEnd().split('\n');
  expect(rule).toBe('--------  -');
  expect(columnsOf(header!)).toBe(11);
  for (const [at, line] of lines.entries()) {
    expect(line.endsWith(`${at}`)).toBe(true);
    expect(columnsOf(line)).toBe(11);
  }
});

it('an emoji put together of several counts as one', () => {
  const [, , joined, plain] = formatTable(
    ['a', 'b'],
    [
      ['👩‍👩‍👧', 'x'],
      ['中', 'x'],
    ],
  ).split('\n');
  expect([joined, plain]).toEqual(['👩‍👩‍👧  x', '中  x']);
});

it('control characters and escapes of data are shown, and never sent', () => {
  const table = formatTable(['na\tme'], [['\u001b[31mred\u001b[0m'], ['two\nlines']]);
  expect(table).toBe(['na\\tme', '------------------', '\\x1b[31mred\\x1b[0m', 'two\\nlines', ''].join('\n'));
});

it('a column that holds only texts of numbers stands to the right, and not one with another text', () => {
  const rows = [
    ['0.6190', '+.0029', '12 %', '12', '1.5e-6', '0.1 .. 0.2'],
    [null, '-0.01', '3.5 %', 'twelve', '1,000', null],
    ['', '0', '100 %', '1', '.5', ''],
  ];
  expect(formatTable(['value', 'by', 'share', 'words', 'small', 'interval'], rows)).toBe(
    [
      ' value      by  share  words    small  interval',
      '------  ------  -----  ------  ------  ----------',
      '0.6190  +.0029   12 %  12      1.5e-6  0.1 .. 0.2',
      '     -   -0.01  3.5 %  twelve   1,000  -',
      '             0  100 %  1           .5',
      '',
    ].join('\n'),
  );
});

it('a table wider than the terminal goes on below with its first column again', () => {
  const [header, rows] = [['key', 'first', 'second', 'third'], [['a', 1, 2, 3] as const]];
  expect(formatTable(header, rows, 18)).toBe(
    [
      'key  first  second',
      '---  -----  ------',
      'a        1       2',
      '',
      'key  third',
      '---  -----',
      'a        3',
      '',
    ].join('\n'),
  );
  // Narrower than any two columns: one beside the first in each.
  expect(formatTable(header, rows, 2).split('\n\n')).toHaveLength(3);
  expect(formatTable(header, rows).split('\n\n')).toHaveLength(1);
});
