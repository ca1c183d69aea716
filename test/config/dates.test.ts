import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { isDate, isTimeZone, toEpochSeconds, toIsoUtc } from '../../src/config/dates.js';

describe('a date', () => {
  it.each(['2016-10-20', '2016-10-20 08:00', '2016-10-20T08:00:00', '2016-02-29', '1969-12-31 23:59:59'])(
    '%s is one',
    (text) => expect(isDate(text)).toBe(true),
  );
  it.each([
    '2016-10-32',
    '2015-02-29',
    '2016-13-01',
    '2016-10-20 24:00',
    '2016-10-20 08:60',
    '2016-10-20Z',
    '0016-10-20',
    '20.10.2016',
    '',
  ])('%j is none', (text) => expect(isDate(text)).toBe(false));
});

describe('a time zone', () => {
  it.each(['UTC', 'Asia/Shanghai', 'America/Argentina/Buenos_Aires'])('%s is one', (name) =>
    expect(isTimeZone(name)).toBe(true),
  );
  it.each(['Mars/Olympus', '+08:00', ''])('%j is none', (name) => expect(isTimeZone(name)).toBe(false));
});

describe('the moment of a date', () => {
  it('is that of the local clocks', () => {
    expect(toIsoUtc('2016-10-20', 'UTC')).toBe('2016-10-20T00:00:00.000Z');
    expect(toIsoUtc('2017-12-03', 'Asia/Shanghai')).toBe('2017-12-02T16:00:00.000Z');
    expect(toIsoUtc('2016-07-01 12:30:15', 'America/New_York')).toBe('2016-07-01T16:30:15.000Z');
    expect(toIsoUtc('2016-01-01 12:30', 'America/New_York')).toBe('2016-01-01T17:30:00.000Z');
  });

  it('near a change of the clocks is what DuckDB makes of it', async () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'America/Sao_Paulo',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
    ];
    const days = [
      '2018-02-17',
      '2018-03-11',
      '2018-03-25',
      '2018-04-01',
      '2018-10-07',
      '2018-10-28',
      '2018-11-04',
    ];
    const hours = [
      '00:00:00',
      '00:30:00',
      '01:30:00',
      '01:45:00',
      '02:00:00',
      '02:30:00',
      '03:00:00',
      '23:30:00',
    ];
    const dates = days.flatMap((day) => hours.map((hour) => `${day} ${hour}`));
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    for (const zone of zones) {
      const values = dates.map((date) => `('${date}')`).join(', ');
      const reader = await connection.runAndReadAll(
        `select d, epoch(timezone('${zone}', d::timestamp)) from (values ${values}) t(d)`,
      );
      for (const [date, seconds] of reader.getRows()) {
        expect([zone, date, toEpochSeconds(String(date), zone)]).toEqual([zone, date, Number(seconds)]);
      }
    }
    connection.closeSync();
    instance.closeSync();
  });

  it('of what is no date is an error', () => {
    expect(() => toEpochSeconds('tomorrow', 'UTC')).toThrow(RangeError);
  });
});
