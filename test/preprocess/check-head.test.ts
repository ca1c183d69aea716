import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { parseConfig } from '../../src/config/load.js';
import { checkHead } from '../../src/preprocess/check-head.js';
import { makeFolder } from './read/reading.js';

const base = {
  name: 'test',
  data: {
    log: { files: 'log.csv', user: 'user', item: 'item', keep: { behavior: ['click', 'buy'] } },
    items: { files: 'items.csv', item: 'item' },
  },
  features: {
    item: { item: { size: 8 }, brand: { size: 4 } },
    properties: { behavior: {}, weekend: { time: 'weekend' } },
  },
  split: { evaluationLastDays: 1 },
  tasks: { ctr: { kind: 'binary', samples: { files: 'samples.csv', user: 'user', candidate: 'item' } } },
};

function check(folder: string, change: (config: typeof base) => void = () => {}) {
  const config = structuredClone(base);
  change(config);
  return checkHead(parseConfig(JSON.stringify(config), join(folder, 'config.yaml')));
}

const random = createRandom('check head');
const line = (index: number) =>
  `u${index % 300},i${random.integer(500)},${['click', 'buy', 'fav'][index % 3]},${1511544000 + index}`;
const tables = {
  'log.csv': `user,item,behavior,time,more\n${Array.from({ length: 30_000 }, (_, index) => `${line(index)},x`).join('\n')}\n`,
  'items.csv': `item,brand\n${Array.from({ length: 500 }, (_, index) => `i${index},b${index % 7}`).join('\n')}\n`,
  'samples.csv': `user,item,time,label\n${Array.from({ length: 4_000 }, (_, index) => `u${index >> 2},i${index % 500},${1511550000 + (index >> 2)},${Number(index % 4 === 0)}`).join('\n')}\n`,
};

test('sound tables have no problems, and sizes are told from their heads', async () => {
  const { tables: reports, problems, notes, estimate } = await check(await makeFolder(tables));
  expect({ problems, notes }).toEqual({ problems: [], notes: [] });
  const [log, items, samples] = reports;
  expect(log).toMatchObject({
    name: 'log',
    files: 1,
    bytes: Buffer.byteLength(tables['log.csv']),
    checkedRows: 20_000,
    filteredBy: { 'keep.behavior': 6666 },
    timeFormat: 'seconds',
    firstTime: '2017-11-24T17:20:00.000Z',
    unusedColumns: ['more'],
  });
  expect(log!.rows / 30_000).toBeCloseTo(1, 1);
  expect(log!.values.behavior).toEqual([
    { value: 'buy', rows: 6667 },
    { value: 'click', rows: 6667 },
    { value: 'fav', rows: 6666 },
  ]);
  expect(items).toMatchObject({ name: 'items', rows: 500, checkedRows: 500 });
  expect(samples!.values.label).toEqual([
    { value: '0', rows: 3000 },
    { value: '1', rows: 1000 },
  ]);
  expect(estimate.requests).toBe(1000);
  expect(estimate.stepsPerEpoch).toBe(4);
  const rows = Object.fromEntries(estimate.fields.map((field) => [field.name, field.rows]));
  // Missing, one bucket, then the values.
  expect(rows).toEqual({ item: 502, brand: 9, behavior: 5, weekend: 4 });
  expect(estimate.modelBytes).toBe((502 * 8 + 9 * 4 + 5 * 12 + 4 * 12) * 8);
  expect(estimate.events / 20_000).toBeCloseTo(1, 1);
});

test('a table that Spark reads elsewhere is named and not looked at', async () => {
  const report = await check(await makeFolder(tables), (config) => {
    config.data.log.files = 's3a://bucket/log.csv';
    Object.assign(config, { preprocess: { engine: 'spark' } });
  });
  expect(report.problems).toEqual([]);
  expect(report.notes).toEqual([
    'The table `log` is not looked at: Spark reads s3a://bucket/log.csv, which this machine does not see; the estimates are without it',
  ]);
  expect(report.tables.map(({ name }) => name)).toEqual(['items', 'samples/ctr']);
});

test('rows of a large packed log are told within a tenth, its distinct values within a factor of two', async () => {
  const numRows = 400_000;
  const items = createRandom('many items');
  const lines = Array.from(
    { length: numRows },
    (_, index) =>
      `u${index % 1000},i${Math.floor(200_000 * items.uniform() ** 3)},click,${1511544000 + index}`,
  );
  const folder = await makeFolder({
    ...tables,
    'log.csv.gz': gzipSync(`user,item,behavior,time\n${lines.join('\n')}\n`, { level: 1 }),
  });
  const { tables: reports, estimate } = await check(folder, (config) => {
    config.data.log.files = '*.gz';
  });
  expect(Math.abs(reports[0]!.rows / numRows - 1)).toBeLessThan(0.1);
  const distinct = new Set(lines.map((text) => text.split(',')[1])).size;
  const told = estimate.fields.find(({ name }) => name === 'item')!.rows;
  expect(Math.abs(Math.log(told / distinct))).toBeLessThan(Math.log(2));
});

test('all problems of all tables are listed together, with their places', async () => {
  const folder = await makeFolder({
    'log.csv': 'user,item,behaviour,time\nu1,i1,click,1\n',
    'items.csv': 'item,brand\n1.0,b\n',
    'samples.csv':
      'user,item,time,label\nu1,i1,1511550005,2\nu1,i1,yesterday,1\n,i1,1511550005,1\nu1,i1\nu2,i1,1511550006,0\n',
  });
  const { problems } = await check(folder);
  expect(problems.join('\n')).toContain(
    'required the column `behavior`, got none of that name, did you mean `behaviour`? ' +
      '(asked for by data.log.keep.behavior, features.properties.behavior.column)',
  );
  expect(problems.join('\n')).toContain('3 of the first 5 rows of the table `samples/ctr` are malformed');
  expect(problems.join('\n')).toContain('samples.csv:3 bad time in time: u1,i1,yesterday,1');
  expect(problems.join('\n')).toContain('samples.csv:4 empty value in user: ,i1,1511550005,1');
  expect(problems.join('\n')).toContain('samples.csv:5 wrong number of fields (2 instead of 4): u1,i1');
  expect(problems.join('\n')).toContain('a label of the column label has to be 0 or 1, got 2 (1 times)');
  expect(problems.join('\n')).toContain(
    'None of the first 2 rows of `samples/ctr` has its item in `items`: item is such as "i1", item such as "1.0"',
  );
  const missing = await check(folder, (config) => {
    config.data.log.files = 'nowhere/*.csv';
    config.data.items.files = 'items.parquet';
  });
  expect(missing.problems.filter((problem) => /no file/.test(problem))).toHaveLength(2);
});

test('numbers are read as numbers, and one that is none is told with its line', async () => {
  const withNumbers = (config: typeof base) => Object.assign(config.features, { itemNumbers: { price: {} } });
  const items = tables['items.csv'].split('\n').filter(Boolean);
  const priced = items.map((row, at) => `${row},${at === 0 ? 'price' : at % 2}`);
  const before = await check(await makeFolder(tables));
  const sound = await check(
    await makeFolder({ ...tables, 'items.csv': `${priced.join('\n')}\n` }),
    withNumbers,
  );
  expect(sound.problems).toEqual([]);
  expect(sound.tables[1]!.values.price).toEqual([
    { value: '0', rows: 250 },
    { value: '1', rows: 250 },
  ]);
  expect(sound.estimate.fields).toEqual(before.estimate.fields);
  expect(sound.estimate.preparedBytes).toBeGreaterThan(before.estimate.preparedBytes);
  const cheap = priced.map((row, at) => (at % 50 === 7 ? row.replace(/.$/, 'cheap') : row));
  const { problems } = await check(
    await makeFolder({ ...tables, 'items.csv': `${cheap.join('\n')}\n` }),
    withNumbers,
  );
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('10 of the first 500 rows of the table `items` are malformed');
  expect(problems[0]).toContain('items.csv:8 bad number in price: i6,b6,cheap');
  expect((await check(await makeFolder(tables), withNumbers)).problems.join()).toContain(
    'required the column `price`',
  );
});

test('values that the config names, and a log that was read as a whole has none of, are a problem', async () => {
  const log = 'user,item,behavior,time\nu1,i1,view,1511544000\nu2,i2,purchase,1511544001\n';
  const folder = await makeFolder({ ...tables, 'log.csv': log });
  const { problems, notes } = await check(folder);
  expect(problems).toEqual([
    'data.log.keep.behavior: click, buy is not among the values of all 2 rows (purchase, view)',
  ]);
  const some = await check(folder, (config) => {
    config.data.log.keep = { behavior: ['click', 'view'] };
  });
  expect(some.problems).toEqual([]);
  expect(some.notes).toEqual([
    'data.log.keep.behavior: click is not among the values of the first 2 rows (purchase, view)',
  ]);
  expect(notes).toContain('No row of the first 2 of the table `log` is kept: 2 by keep.behavior');
});

test('what may be meant so is noted', async () => {
  const folder = await makeFolder({
    ...tables,
    'samples.csv': 'user,item,time,label\nu1.0,i1,1511550005,1\nu2.0,i1,1511550006,1\n',
  });
  const { problems, notes } = await check(folder, (config) => {
    config.data.log.keep = { behavior: ['click', 'purchase'] };
  });
  expect(problems).toEqual([]);
  expect(notes).toEqual([
    'data.log.keep.behavior: purchase is not among the values of the first 20000 rows (buy, click, fav)',
    'All labels of the first 2 rows of `samples/ctr` are 1',
  ]);
});

test('ids of samples that the log writes in another way are noted, with the key that makes them alike', async () => {
  const log = Array.from(
    { length: 300 },
    (_, at) => `${at % 9}.0,${at % 5}.0,${at % 2 ? 'buy' : 'click'},${1511544000 + at}`,
  );
  const folder = await makeFolder({
    'log.csv': `user,item,behavior,time\n${log.join('\n')}\n`,
    'items.csv': 'item,brand\n1,b\n',
    'samples.csv': 'user,item,time,label\n3,1,1511550005,1\n4,1,1511550006,0\n',
  });
  const apart = await check(folder);
  const hint = / such as "\d\.0" \(data\.wholeNumbers: true reads 12\.0 as 12\)$/;
  expect(apart.notes).toEqual([
    expect.stringMatching(
      /^None of the first 2 rows of `samples\/ctr` has its user in `log`: user is such as "3"/,
    ),
    expect.stringMatching(/has its item in `log`: item is such as "1"/),
  ]);
  for (const note of apart.notes) expect(note).toMatch(hint);
  expect(apart.problems).toEqual([
    expect.stringMatching(
      /of `log` has its item in `items`: item is such as "\d\.0", item such as "1" \(data\.wholeNumbers/,
    ),
  ]);
  const alike = await check(folder, (config) => Object.assign(config.data, { wholeNumbers: true }));
  expect(alike).toMatchObject({ problems: [], notes: [] });
});

test('properties of more combinations than there are codes are a problem', async () => {
  const folder = await makeFolder(tables);
  const { problems } = await check(folder, (config) => {
    Object.assign(config.features.properties, { item: {}, user: {}, time: {} });
  });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('at most 65536 combinations');
});

test('an evaluation period after the last rows is noted, where the files say when they end', async () => {
  const from = (date: string) => (config: typeof base) => {
    Object.assign(config, { split: { evaluationFrom: date } });
  };
  const folder = await makeFolder(tables);
  // The head has two thirds of the log; its very last event is none that is kept.
  const late = await check(folder, from('2017-11-26'));
  expect(late.notes).toEqual([
    'split.evaluationFrom (2017-11-26) is after the last rows: 2017-11-25T01:39:58.000Z in log, ' +
      '2017-11-24T19:16:39.000Z in samples/ctr; nothing would be left to evaluate',
  ]);
  expect((await check(folder, from('2017-11-25'))).notes).toEqual([]);
  // Nothing but all of it says where a packed log ends.
  const { 'log.csv': log, ...others } = tables;
  const packed = await makeFolder({ ...others, 'log.csv.gz': gzipSync(log) });
  const { notes } = await check(packed, (config) => {
    from('2017-11-26')(config);
    config.data.log.files = 'log.csv.gz';
  });
  expect(notes).toEqual([]);
});
