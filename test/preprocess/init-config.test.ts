import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { createRandom } from '../../src/common/random.js';
import { parseConfig } from '../../src/config/load.js';
import { initConfig } from '../../src/preprocess/init-config.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { makeFolder } from './read/reading.js';

const random = createRandom('init');
const rows = Array.from({ length: 600 }, (_, index) => {
  const item = random.integer(80);
  return {
    user: `${1000 + Math.floor(index / 12)}`,
    item: `${50_000 + item}`,
    category: `${200 + (item % 9)}`,
    behavior: ['pv', 'pv', 'cart', 'buy'][random.integer(4)]!,
    seconds: 1511544000 + index * 700,
  };
});

/** The config that is guessed, as it is, and the prepared data of it. */
async function initAndPrepare(
  folder: string,
  files: { log: string; samples?: string; items?: string; users?: string },
) {
  const paths = Object.fromEntries(Object.entries(files).map(([key, file]) => [key, join(folder, file)]));
  const text = await initConfig({ log: paths.log!, ...paths, folder });
  const config = parseConfig(text, join(folder, 'config.yaml'));
  const { manifest } = await preprocess({
    config,
    folder: join(folder, 'prepared'),
    force: false,
    context: silentContext,
  });
  return { text, config, manifest };
}

test('a log without a header is told by what it holds', async () => {
  const lines = rows.map(({ user, item, category, behavior, seconds }) =>
    [user, item, category, behavior, seconds].join(),
  );
  const folder = await makeFolder({ 'UserBehavior.csv.gz': gzipSync(lines.join('\n')) });
  const { text, config, manifest } = await initAndPrepare(folder, { log: 'UserBehavior.csv.gz' });
  expect(config.data.log.columns).toEqual(['user_id', 'item_id', 'category', 'behavior', 'time']);
  expect(config.data.log.time).toEqual({ columns: ['time'], format: 'seconds', timeZone: 'UTC' });
  expect(Object.keys(config.features.item)).toEqual(['item', 'category']);
  expect(Object.keys(config.features.properties)).toEqual(['behavior', 'partOfDay', 'weekend']);
  expect(text).toContain('here from 2017-11-24 to 2017-11-29');
  expect(text).toMatch(/behaviours found: pv \d+, /);
  expect(text).toContain('TODO: training needs a task');
  expect(manifest.rows.log).toMatchObject({ read: 600, kept: 600 });
  expect(manifest.users).toBe(50);
});

test('columns are told by their names in whatever case, and the other tables are taken in', async () => {
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
  const folder = await makeFolder({
    'events.tsv': [
      'eventTime\tVisitorId\tProduct-ID\tevent\tprice',
      ...rows.map(({ user, item, behavior, seconds }) =>
        [iso(seconds), user, item, behavior, '9.99'].join('\t'),
      ),
    ].join('\r\n'),
    'products.csv': `sku,Brand,keywords,weight\n${Array.from({ length: 80 }, (_, index) => `${50_000 + index},b${index % 5},a;b${index},${index}`).join('\n')}`,
    'people.jsonl': Array.from({ length: 50 }, (_, index) =>
      JSON.stringify({ uid: 1000 + index, age: index % 4, 'home city': `c${index % 3}`, name: `n${index}` }),
    ).join('\n'),
    'shown.csv': `impression_id,user,ts,candidate,clicked\n${rows.map(({ user, item, seconds }, index) => `r${index},${user},${seconds},${item},${Number(index % 5 === 0)}`).join('\n')}`,
  });
  const { text, config, manifest } = await initAndPrepare(folder, {
    log: 'events.tsv',
    items: 'products.csv',
    users: 'people.jsonl',
    samples: 'shown.csv',
  });
  expect(config.data.log).toMatchObject({ user: 'VisitorId', item: 'Product-ID' });
  expect(config.data.log.time).toMatchObject({ columns: ['eventTime'], format: 'iso' });
  expect(config.data.items).toMatchObject({ item: 'sku' });
  expect(config.features.item).toMatchObject({
    brand: { column: 'Brand', from: 'items' },
    tags: { column: 'keywords', separator: ';' },
  });
  expect(config.features.user).toMatchObject({
    age: { column: 'age', from: 'users' },
    profile2: { column: 'home city' },
  });
  expect(config.tasks.ctr!.samples).toMatchObject({
    request: 'impression_id',
    user: 'user',
    candidate: 'candidate',
    label: 'clicked',
  });
  expect(text).toContain('# columns that nothing uses: "price"');
  expect(manifest.tasks.ctr!.samples).toBe(600);
});

test('a day and an hour make a time; Parquet and other delimiters are read', async () => {
  const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
  const folder = await makeFolder({
    'log.txt': [
      'uid|iid|date|hour|behavior_type',
      ...rows.map(({ user, item, seconds }, index) =>
        [user, item, day(seconds), index % 24, 1 + (index % 4)].join('|'),
      ),
    ].join('\n'),
  });
  const text = await initAndPrepare(folder, { log: 'log.txt' });
  expect(text.config.data.log).toMatchObject({
    delimiter: '|',
    time: { columns: ['date', 'hour'], format: '%Y-%m-%d %H' },
  });
  expect(text.manifest.rows.log!.kept).toBe(600);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(
    `COPY (SELECT range % 9 AS user_id, 'i' || (range % 5) AS item_id, TIMESTAMP '2017-11-25 00:00:00' + INTERVAL (range) HOUR AS time FROM range(200))
     TO '${join(folder, 'log.parquet')}' (FORMAT parquet)`,
  );
  const typed = await initAndPrepare(folder, { log: 'log.parquet' });
  expect(typed.config.data.log).toMatchObject({
    user: 'user_id',
    item: 'item_id',
    time: { columns: ['time'] },
  });
  expect(typed.text).toContain('TODO: no column of behaviours was found');
  expect(typed.manifest.rows.log!.kept).toBe(200);
});

test('what can not be told is marked, whatever the columns are called', async () => {
  const folder = await makeFolder({
    'odd.csv': '"a: #1\n","b\'""","when"\nx y,p q,12/31/2017 23:59\nz y,q p,12/30/2017 23:59\n',
  });
  const text = await initConfig({ log: join(folder, 'odd.csv'), folder });
  expect(text).toContain('user: TODO # TODO: which of "a: #1\\n", "b\'\\"", "when"?');
  expect(text).toContain('item: TODO');
  expect(() => parseConfig(text, join(folder, 'config.yaml'))).not.toThrow();
  await expect(initConfig({ log: join(folder, 'none.csv'), folder })).rejects.toThrow('there is no file');
  const empty = await makeFolder({ 'empty.csv': 'user,item,time\n' });
  await expect(initConfig({ log: join(empty, 'empty.csv'), folder: empty })).rejects.toThrow(
    'it has no rows',
  );
});

test('a column without a name is never meant, and small codes of a log without a header are behaviours', async () => {
  const lines = rows.map(({ user, item, seconds }, at) => `${at},${user},${item},${at % 4},${seconds}`);
  const folder = await makeFolder({
    'indexed.csv': [',visitor,product,kind,time', ...lines].join('\n'),
    'codes.csv': rows.map(({ user, item, seconds }, at) => `${user},${item},${at % 4},${seconds}`).join('\n'),
  });
  const indexed = await initAndPrepare(folder, { log: 'indexed.csv' });
  expect(indexed.config.data.log).toMatchObject({ user: 'visitor', item: 'product' });
  expect(indexed.text).toContain('# columns that nothing uses: "", "kind"');
  const codes = await initAndPrepare(folder, { log: 'codes.csv' });
  expect(codes.config.data.log.columns).toEqual(['user_id', 'item_id', 'behavior', 'time']);
  expect(codes.text).toMatch(/behaviours found: 0 150, 1 150, 2 150, 3 150;/);
});

test.each([
  ['02.03.2026 00:03:56', '05.03.2026 10:00:00', '%d.%m.%Y %H:%M:%S', null],
  ['13/03/2026 00:03', '05/03/2026 10:00', '%d/%m/%Y %H:%M', null],
  ['03-02-2026', '03-13-2026', '%m-%d-%Y', null],
  ['03/02/2026 12:03:56 AM', '03/04/2026 10:00:00 PM', '%d/%m/%Y %I:%M:%S %p', '%m/%d/%Y %I:%M:%S %p'],
])('times with the year last are read (%s)', async (first, second, format, other) => {
  const lines = rows.map(({ user, item }, at) => `${user},${item},${at % 2 === 0 ? first : second}`);
  const folder = await makeFolder({ 'log.csv': `user_id,item_id,time\n${lines.join('\n')}\n` });
  const text = await initConfig({ log: join(folder, 'log.csv'), folder });
  expect(parseConfig(text, join(folder, 'config.yaml')).data.log.time).toMatchObject({ format });
  const doubt = other === null ? '' : `TODO: days first, or months first ("${other}"); `;
  expect(text).toContain(`# ${doubt}such as "${first}"; here from 2026-`);
});
