import { expect, test } from 'vitest';
import { makeFolder, read, specOf } from './reading.js';

test('rows keep their order, the empty text is NULL', async () => {
  const folder = await makeFolder({ 'log.csv': 'user,item,time\na,x,1511544005\nb,,1511544006\n' });
  const { rows, counts, timeFormat } = await read(
    folder,
    specOf(
      { files: ['log.csv'] },
      { text: ['item', 'user'], time: { columns: ['time'], format: 'auto', timeZone: 'UTC' } },
    ),
  );
  expect(rows).toEqual([
    ['x', 'a', 1511544005_000000n],
    [null, 'b', 1511544006_000000n],
  ]);
  expect(counts).toMatchObject({ read: 2, kept: 2, rejected: 0, filtered: 0 });
  expect(timeFormat).toBe('seconds');
});
