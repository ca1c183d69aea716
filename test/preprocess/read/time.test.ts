import { expect, test } from 'vitest';
import { UserError } from '../../../src/common/errors.js';
import { createRandom } from '../../../src/common/random.js';
import { makeFolder, read, specOf } from './reading.js';

/** Reads the values as the column of a time; null for a rejected one. */
async function readTimes(values: readonly string[], format: string, timeZone = 'UTC') {
  const lines = values.map((value, index) => `${index},"${value}"`);
  const folder = await makeFolder({ 'log.csv': `n,time\n${lines.join('\n')}\n` });
  const spec = specOf({ files: ['log.csv'] }, { text: ['n'], time: { columns: ['time'], format, timeZone } });
  const { rows, timeFormat } = await read(folder, spec);
  const times = new Map(rows.map(([n, us]) => [Number(n), us as bigint]));
  return { times: values.map((_, index) => times.get(index) ?? null), timeFormat };
}

const us = (iso: string, micros = 0) => BigInt(Date.parse(iso)) * 1000n + BigInt(micros);

test('ISO 8601 is read with and without time, fraction and offset', async () => {
  const cases: [string, bigint | null][] = [
    ['2017-11-25', us('2017-11-24T16:00:00Z')],
    ['2017-11-25 08', us('2017-11-25T00:00:00Z')],
    ['2017-11-25T08:30', us('2017-11-25T00:30:00Z')],
    ['2017-11-25 08:30:15', us('2017-11-25T00:30:15Z')],
    ['2017-11-25T08:30:15', us('2017-11-25T00:30:15Z')],
    ['2017-11-25 08:30:15.25', us('2017-11-25T00:30:15.250Z')],
    ['2017-11-25 08:30:15,000001', us('2017-11-25T00:30:15Z', 1)],
    ['2017-11-25 08:30:15.123456789', us('2017-11-25T00:30:15.123Z', 456)],
    ['2017-11-25T08:30:15Z', us('2017-11-25T08:30:15Z')],
    ['2017-11-25 08:30:15.5Z', us('2017-11-25T08:30:15.500Z')],
    ['2017-11-25T08:30:15+01:00', us('2017-11-25T07:30:15Z')],
    ['2017-11-25 08:30:15.5-0330', us('2017-11-25T12:00:15.500Z')],
    ['2017-11-25T08:30:15 +01', us('2017-11-25T07:30:15Z')],
    ['2017-11-25T08:30-05', us('2017-11-25T13:30:00Z')],
    ['2017-11-25T08+01:00', us('2017-11-25T07:00:00Z')],
    ['2017-11-25T08:30:15,5Z', us('2017-11-25T08:30:15.500Z')],
    ['2017-11-25T08:30:15 Z', us('2017-11-25T08:30:15Z')],
    ['2017-11-25 24:00:00', us('2017-11-25T16:00:00Z')],
    ['2017-11-25 24:00:01', null],
    ['2016-02-29', us('2016-02-28T16:00:00Z')],
    ['2017-02-29', null],
    ['2017-11-25 08:60:00', null],
    ['2017-11-25 25:00:00', null],
    ['2017-11-25 8:30:15', null],
    ['2017-11-25 08:30:15 Asia/Tokyo', null],
    ['2017/11/25', null],
    ['25.11.2017', null],
    ['1511544070', null],
    ['1969-12-31', null],
    ['2106-02-08', null],
    ['yesterday', null],
    ['infinity', null],
    ['epoch', null],
  ];
  const { times } = await readTimes(
    cases.map(([text]) => text),
    'iso',
    'Asia/Shanghai',
  );
  expect(cases.map(([text], index) => [text, times[index]])).toEqual(cases);
});

test('seconds and milliseconds are exact to the microsecond', async () => {
  const seconds: [string, bigint | null][] = [
    ['1511544070', 1511544070_000000n],
    ['1511544070.0', 1511544070_000000n],
    ['1.51154407e9', 1511544070_000000n],
    ['1511544070.000001', 1511544070_000001n],
    ['4294967295.999999', 4294967295_999999n],
    ['0', 0n],
    ['-1', null],
    ['4294967296', null],
    ['1511544070000', null],
    ['1_511_544_070', null],
    ['99999999999999999999999', null],
    ['-9223372036854775808', null],
    ['1e300', null],
    ['nan', null],
    ['inf', null],
    ['12:30', null],
    ['2017-11-25', null],
  ];
  const read = await readTimes(
    seconds.map(([text]) => text),
    'seconds',
    'Asia/Shanghai',
  );
  expect(seconds.map(([text], index) => [text, read.times[index]])).toEqual(seconds);
  const milliseconds: [string, bigint | null][] = [
    ['1511544070123', 1511544070_123000n],
    ['1511544070123.456', 1511544070_123456n],
    ['1511544070', 1511544_070000n],
    ['4294967296000', null],
    ['9223372036854775807', null],
  ];
  const readMs = await readTimes(
    milliseconds.map(([text]) => text),
    'milliseconds',
  );
  expect(milliseconds.map(([text], index) => [text, readMs.times[index]])).toEqual(milliseconds);
});

test('random moments come back from each way of writing them, which auto tells apart', async () => {
  const random = createRandom('moments');
  const moments = Array.from({ length: 300 }, () => 1_000_000_000_000 + random.integer(2 ** 31) * 250);
  const digits = (iso: string) => iso.replaceAll(/[^\d]/g, '');
  const ways: [format: string, unitMs: number, write: (iso: string, ms: number) => string][] = [
    ['iso', 1, (iso) => iso],
    ['iso', 1000, (iso) => iso.slice(0, 19)],
    ['iso', 3_600_000, (iso) => iso.slice(0, 13).replace('T', ' ')],
    ['iso', 86_400_000, (iso) => iso.slice(0, 10)],
    ['seconds', 1000, (_, ms) => `${ms / 1000}`],
    ['seconds', 250, (_, ms) => (ms / 1000).toFixed(3)],
    ['milliseconds', 1, (_, ms) => `${ms}`],
    ['%Y%m%d', 86_400_000, (iso) => digits(iso).slice(0, 8)],
    ['%Y%m%d%H', 3_600_000, (iso) => digits(iso).slice(0, 10)],
    ['%Y%m%d%H%M', 60_000, (iso) => digits(iso).slice(0, 12)],
    ['%Y%m%d%H%M%S', 1000, (iso) => digits(iso).slice(0, 14)],
    ['%Y%m%d %H', 3_600_000, (iso) => `${digits(iso).slice(0, 8)} ${Number(iso.slice(11, 13))}`],
    ['%Y/%m/%d %H:%M:%S', 1000, (iso) => iso.slice(0, 19).replace('T', ' ').replaceAll('-', '/')],
    ['%Y/%m/%d %H:%M', 60_000, (iso) => iso.slice(0, 16).replace('T', ' ').replaceAll('-', '/')],
    ['%Y/%m/%d', 86_400_000, (iso) => iso.slice(0, 10).replaceAll('-', '/')],
  ];
  for (const [format, unitMs, write] of ways) {
    const whole = moments.map((ms) => ms - (ms % unitMs));
    const texts = whole.map((ms) => write(new Date(ms).toISOString(), ms));
    const { times, timeFormat } = await readTimes(texts, 'auto');
    expect({ example: texts[0], timeFormat }).toEqual({ example: texts[0], timeFormat: format });
    expect(times).toEqual(whole.map((ms) => BigInt(ms) * 1000n));
  }
});

test('auto goes by most of the first times and refuses what it cannot tell', async () => {
  const some = await readTimes(['1511544070', 'x', '1511544071', '2017-11-25'], 'auto');
  expect(some).toEqual({
    times: [1511544070_000000n, null, 1511544071_000000n, null],
    timeFormat: 'seconds',
  });
  const run = readTimes(['25/11/2017 08:30', '26/11/2017 08:30'], 'auto');
  await expect(run).rejects.toThrow(UserError);
  await expect(run).rejects.toThrow('the column time holds "25/11/2017 08:30" (log.csv)');
});

test('a pattern of ones own is applied, with or without an offset in it', async () => {
  const days = await readTimes(
    ['25/11/2017 08:30', '11/25/2017 08:30', ''],
    '%d/%m/%Y %H:%M',
    'Asia/Shanghai',
  );
  expect(days.times).toEqual([us('2017-11-25T00:30:00Z'), null, null]);
  const offsets = await readTimes(['25/Nov/2017:08:30:00 +0100'], '%d/%b/%Y:%H:%M:%S %z', 'Asia/Shanghai');
  expect(offsets.times).toEqual([us('2017-11-25T07:30:00Z')]);
  await expect(readTimes(['x'], '%Q')).rejects.toThrow('required a strptime pattern, got %Q');
});

test('several columns are joined by a blank, and an empty one is an empty time', async () => {
  const folder = await makeFolder({
    'log.csv': 'n,date,hour\n1,2014-12-06,2\n2,2014-12-06,23\n3,2014-12-06,\n4,,5\n',
  });
  const time = { columns: ['date', 'hour'], format: '%Y-%m-%d %H', timeZone: 'UTC' };
  const { rows, rejects } = await read(folder, specOf({ files: ['log.csv'] }, { text: ['n'], time }));
  expect(rows).toEqual([
    ['1', us('2014-12-06T02:00:00Z')],
    ['2', us('2014-12-06T23:00:00Z')],
  ]);
  expect(rejects.map(({ line, column, reason }) => [line, column, reason])).toEqual([
    [4, 'date + hour', 'empty value'],
    [5, 'date + hour', 'empty value'],
  ]);
});

/** What the clocks of a zone show at a moment, as if that were UTC. */
function wallClockOf(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  return (ms) => Date.parse(`${format.format(ms).replace(' ', 'T')}Z`);
}

test.each([
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Asia/Shanghai',
  'Africa/Casablanca',
])('local times of %s around and away from changes of the clocks', async (timeZone) => {
  const random = createRandom('zones', timeZone);
  const wallClock = wallClockOf(timeZone);
  const offset = (ms: number) => wallClock(ms) - ms;
  const start = Date.parse('2015-01-01T00:00:00Z');
  const hour = 3_600_000;
  const day = 24 * hour;
  const changes: number[] = [];
  for (let at = start; at < start + 3 * 365 * day; at += day) {
    if (offset(at) === offset(at + day)) continue;
    let near = at;
    while (offset(near) === offset(near + hour)) near += hour;
    changes.push(near);
  }
  const moments = Array.from({ length: 300 }, (_, index) => {
    const near = changes[index % Math.max(changes.length, 1)];
    return near !== undefined && index % 2 === 0
      ? near + random.integer(6 * 3600) * 1000 - 3 * hour
      : start + random.integer(3 * 365 * 24 * 3600) * 1000;
  });
  const texts = moments.map((ms) => new Date(wallClock(ms)).toISOString().slice(0, 19).replace('T', ' '));
  const { times } = await readTimes(texts, 'iso', timeZone);
  for (const [index, ms] of moments.entries()) {
    // A local time that comes twice is the later of the two.
    const again = [hour / 2, hour].find((later) => wallClock(ms + later) === wallClock(ms));
    expect([texts[index], times[index]]).toEqual([texts[index], BigInt(ms + (again ?? 0)) * 1000n]);
  }
});

test('a local time that a change of the clocks skips is moved forward', async () => {
  const { times } = await readTimes(
    ['2021-03-14 02:30:00', '2021-03-14 03:30:00'],
    'iso',
    'America/New_York',
  );
  expect(times).toEqual([us('2021-03-14T07:30:00Z'), us('2021-03-14T07:30:00Z')]);
});

test.each([
  ['02.03.2026 00:03:56', 'set `format: "%d.%m.%Y %H:%M:%S"` beside the column of the time'],
  [
    '02/03/2026',
    'set `format: "%d/%m/%Y"`, or `format: "%m/%d/%Y"` where months come first, beside the column of the time',
  ],
  ['6-14', 'set `format: "%m-%d"` beside the column of the time, and its `year`'],
  ['second of March', 'set the `format` of the time (%d %m %Y %H %M %S), and its `year` where it has none'],
])('what reads %s is named where auto does not', async (text, remedy) => {
  await expect(readTimes([text, text], 'auto')).rejects.toThrow(
    `holds ${JSON.stringify(text)} (log.csv); ${remedy}`,
  );
});
