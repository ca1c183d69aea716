import { expect, test } from 'vitest';
import { givenEvent, rawEvent } from '../../src/serving/given-event.js';

const given = givenEvent(
  {
    item: '12.0',
    time: '1970-01-01T00:00:02Z',
    values: { shop: '7.0', tags: '1.0' },
    attributes: { brand: '3.0' },
  },
  0,
);
const columns = { numbers: new Set<string>(), separators: { tags: '|' } };

test('ids that were held as floats are read as the config has them read', () => {
  expect(rawEvent(given, { ...columns, wholeNumbers: true })).toEqual({
    timeUs: 2e6,
    item: { id: '12', attributes: { brand: '3' } },
    values: { shop: '7', tags: '1.0' },
  });
  expect(rawEvent(given, { ...columns, wholeNumbers: false })).toEqual({
    timeUs: 2e6,
    item: { id: '12.0', attributes: { brand: '3.0' } },
    values: { shop: '7.0', tags: '1.0' },
  });
});
