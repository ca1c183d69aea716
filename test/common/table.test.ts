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
