import { expect, test } from 'vitest';
import { readTimeUs } from '../../src/serving/read-time.js';

test.each([
  ['1970-01-01T00:00:00Z', 0],
  ['2026-01-10T12:00:00Z', 1_768_046_400_000_000],
  ['2026-01-10T13:00:00+01:00', 1_768_046_400_000_000],
  ['2026-01-10T12:00:00.000001Z', 1_768_046_400_000_001],
  ['2026-01-10T12:00:00.25Z', 1_768_046_400_250_000],
  ['2026-01-10T12:00:00.1234567890-00:30', 1_768_048_200_123_456],
])('%s', (text, expected) => {
  expect(readTimeUs(text, 'time')).toBe(expected);
});

test.each(['1969-12-31T23:59:59Z', '2106-02-07T06:28:16Z', '2016-12-31T23:59:60Z', 'soon'])(
  'not %s',
  (text) => {
    expect(() => readTimeUs(text, 'the time of event 3')).toThrow(
      `expected a time from 1970 to 2106 in the time of event 3, got ${text}`,
    );
  },
);
