import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { silentContext } from '../../../src/common/context.js';
import { ingest } from '../../../src/preprocess/read/ingest.js';

test('rows keep their order, the empty text is NULL', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-ingest-'));
  await writeFile(join(folder, 'log.csv'), 'user,item,time\na,x,5\nb,,6\n');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const { rows } = await ingest(
    connection,
    {
      name: 'log',
      source: { files: ['log.csv'], format: 'auto', quote: '"' },
      text: ['item', 'user'],
      numbers: [],
      required: ['user'],
      time: { columns: ['time'], format: 'auto', timeZone: 'UTC' },
    },
    {
      root: folder,
      tableName: 'raw_log',
      rejectsFile: join(folder, 'rejects.csv'),
      temporaryFolder: folder,
      maxRejectRatio: 0,
      context: silentContext,
    },
  );
  const result = await connection.runAndReadAll('SELECT t1, t0, time_us FROM raw_log ORDER BY rowid');
  expect(result.getRows()).toEqual([
    ['a', 'x', 5_000_000n],
    ['b', null, 6_000_000n],
  ]);
  expect(rows.kept).toBe(2);
  await rm(folder, { recursive: true });
});
