import { expect, test } from 'vitest';
import type { EncodingModel } from '../../src/delivery/open-model.js';
import { givenEvent, rawEvent } from '../../src/serving/given-event.js';
import { userHistory } from '../../src/serving/user-history.js';

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

test('appended events that a model cannot read are left out of the history, the others stay', () => {
  const model = {
    weights: { shape: { maxEvents: 3 } },
    encoder: { event: ({ item }: { item: { id: string } }) => item.id, users: () => [] },
  } as unknown as EncodingModel;
  const events = [1, 2, 3, 4, 5].map((at) =>
    givenEvent(
      { item: `${at}`, time: `1970-01-01T00:00:0${at}Z`, values: { tags: at === 4 ? ['a', 'b'] : 'a' } },
      at,
    ),
  );
  const asked = { user: 'u', appended: { events, version: 1 }, timeUs: 6e6 };
  const reads = (separators: Record<string, string>) =>
    userHistory(model, { numbers: new Set(), separators, wholeNumbers: false }, null, asked).events;
  expect(reads({ tags: '|' })).toEqual(['3', '4', '5']);
  expect(reads({})).toEqual(['2', '3', '5']);
});
