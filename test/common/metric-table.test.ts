import { expect, it } from 'vitest';
import { metricTable } from '../../src/common/metric-table.js';
import { tableText } from '../../src/common/summary.js';

const interval = { low: 0.60123, high: 0.6367 };
const table = metricTable(
  'ctr',
  ['auc', 'logLoss', 'gauc'],
  [
    { name: 'model', values: { auc: 0.61904, logLoss: 12.5, gauc: null }, intervals: { auc: interval } },
    { name: 'popularity', values: { auc: 0.5 } },
  ],
);

it('puts metrics down, and intervals beside what has some', () => {
  expect(tableText(table, null)).toBe(
    [
      'ctr',
      'metric     model  95 % interval     popularity',
      '-------  -------  ----------------  ----------',
      'auc       0.6190  0.6012 .. 0.6367      0.5000',
      'logLoss  12.5000  -                          -',
      'gauc           -  -                          -',
      '',
    ].join('\n'),
  );
});

it('breaks between columns where the terminal is narrow', () => {
  const lines = tableText(table, 40).split('\n');
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(40);
  expect(lines.filter((line) => line.startsWith('metric'))).toHaveLength(2);
});
