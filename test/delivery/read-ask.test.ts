import { expect, test } from 'vitest';
import { withDatabase } from '../../src/delivery/database.js';
import { readAsk } from '../../src/delivery/predict/read-ask.js';
import { timeReader } from '../../src/delivery/predict/read-times.js';

const time = { columns: ['day'], format: '%m-%d', timeZone: 'UTC', year: 2017 };
const columns = {
  task: 'ctr',
  request: undefined,
  user: 'user',
  time,
  candidate: 'item',
  features: ['toString'],
  log: { item: 'item', time },
  numbers: new Set<string>(),
  separators: { tags: '|' },
};

const values = {
  user: '7.0',
  item: 5,
  day: '6-4',
  brand: '12.0',
  tags: '1.0',
  toString: '0.5',
  constructor: 'x',
};

test('whole numbers that are written as floats are read as preprocess reads them', () => {
  const known = { userId: '7', samples: [{ candidate: { id: '5' }, features: { toString: 0.5 } }] };
  const kept = { item: '5', day: '6-4', tags: '1.0', constructor: 'x' };
  expect(readAsk({ line: 1, values }, { ...columns, wholeNumbers: true })).toMatchObject({
    ...known,
    values: { ...kept, brand: '12' },
  });
  expect(readAsk({ line: 1, values }, { ...columns, wholeNumbers: false })).toMatchObject({
    ...known,
    userId: '7.0',
    values: { ...kept, brand: '12.0' },
  });
});

test('a feature that is not there is missing, whatever it is called', () => {
  const { toString: _, ...without } = values;
  expect(readAsk({ line: 3, values: without }, { ...columns, wholeNumbers: false })).toEqual({
    line: 3,
    reason: 'expected the feature toString, or null where it is missing, got nothing',
  });
});

test('days without a year are those of the year of the config', async () => {
  await withDatabase(async (connection) => {
    const read = timeReader(connection, time);
    expect(await read(['6-4', '2-29', 'x'])).toEqual([Date.UTC(2017, 5, 4) * 1000, null, null]);
  });
});
