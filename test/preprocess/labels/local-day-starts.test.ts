import { expect, it } from 'vitest';
import { zoneOffsets } from '../../../src/features/local-time.js';
import { localDayStarts } from '../../../src/preprocess/labels/local-day-starts.js';

function startsOf(timeZone: string, first: string, last: string): string[] {
  const [firstSeconds, lastSeconds] = [Date.parse(first) / 1000, Date.parse(last) / 1000];
  const us = (seconds: number) => BigInt(seconds) * 1_000_000n;
  const offsets = zoneOffsets(timeZone, firstSeconds - 2 * 86_400, lastSeconds);
  const starts = localDayStarts({ firstUs: us(firstSeconds), lastUs: us(lastSeconds), offsets });
  return starts.map((start) => new Date(Number(start / 1000n)).toISOString().slice(0, 16));
}

it('a change of the clocks on the first day is known', () => {
  // Until 07:00 UTC the clocks of New York are five hours behind, then four.
  expect(startsOf('America/New_York', '2020-03-08T12:00:00Z', '2020-03-09T12:00:00Z')).toEqual([
    '2020-03-08T05:00',
    '2020-03-09T04:00',
  ]);
  expect(startsOf('America/New_York', '2020-11-01T12:00:00Z', '2020-11-02T12:00:00Z')).toEqual([
    '2020-11-01T04:00',
    '2020-11-02T05:00',
  ]);
});

it('a day that begins after midnight begins where the clocks jump to', () => {
  expect(startsOf('America/Sao_Paulo', '2018-11-03T12:00:00Z', '2018-11-05T12:00:00Z')).toEqual([
    '2018-11-03T03:00',
    '2018-11-04T03:00',
    '2018-11-05T02:00',
  ]);
});

it('a day that the zone skipped has no start', () => {
  // Samoa went from the 29th of December 2011 to the 31st.
  expect(startsOf('Pacific/Apia', '2011-12-29T12:00:00Z', '2011-12-31T12:00:00Z')).toEqual([
    '2011-12-29T10:00',
    '2011-12-30T10:00',
    '2011-12-31T10:00',
  ]);
});
