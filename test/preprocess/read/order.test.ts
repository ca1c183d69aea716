import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { makeFolder, read, specOf } from './reading.js';

test('rows and their order are the same at any number of threads, over several files of many chunks', async () => {
  const random = createRandom('threads');
  const numRows = 100_000;
  const filler = 'x'.repeat(250);
  const rows: string[] = [];
  const lines: string[] = [];
  for (let index = 0; index < numRows; index++) {
    const item =
      index % 97 === 0 ? `two\nlines "${random.integer(1000)}"` : `item ${random.integer(100_000)}`;
    rows.push(item);
    lines.push(`${index},"${item.replaceAll('"', '""')}",${filler}\n`);
  }
  const bad = 75_000;
  const half = numRows / 2;
  const folder = await makeFolder({
    'a.csv': `n,item,filler\n${lines.slice(0, half).join('')}`,
    'b.csv': `n,item,filler\n${lines.slice(half, bad).join('')}bad line\n${lines.slice(bad).join('')}`,
  });
  const expected = createHash('md5')
    .update(rows.map((item, n) => JSON.stringify([`${n}`, item])).join(''))
    .digest('hex');
  for (const threads of [1, 2, 4]) {
    const table = await read(folder, specOf({ files: ['?.csv'] }, { text: ['n', 'item'] }), { threads });
    const found = createHash('md5')
      .update(table.rows.map((row) => JSON.stringify(row)).join(''))
      .digest('hex');
    expect([threads, found]).toEqual([threads, expected]);
    expect(table.rejects).toMatchObject([{ file: 'b.csv', text: 'bad line' }]);
  }
});
