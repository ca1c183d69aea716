import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/common/errors.js';
import { createRandom } from '../../../src/common/random.js';
import { rejectsFile } from '../../../src/preprocess/read/rejects-file.js';
import { makeFolder, read, specOf } from './reading.js';

const header = 'user_id,item_id,behavior,time';
const time = { columns: ['time'], format: 'auto', timeZone: 'UTC' };
const spec = (file: string) =>
  specOf(
    { files: [file] },
    { text: ['user_id', 'item_id', 'behavior'], required: ['user_id', 'item_id'], time },
  );

/** 2,000 good lines with bad ones among them; what is expected is noted as the lines are put down. */
function dirtyLog(lineEnd: string, byteOrderMark = '') {
  const random = createRandom('dirty log');
  const bad: readonly (readonly [bytes: Buffer, reason: string, column: string])[] = [
    [Buffer.from('u7,i7,click'), 'wrong number of fields (3 instead of 4)', ''],
    [Buffer.from('u7,i7,click,1511544070,more'), 'wrong number of fields (5 instead of 4)', ''],
    [Buffer.from('u7,"i7,click,1511544070'), 'unclosed quote', ''],
    [Buffer.from('u7,"i7"x,click,1511544070'), 'text after a closing quote', ''],
    [Buffer.from('u7,i7,click,yesterday'), 'bad time', 'time'],
    [Buffer.from('u7,i7,click,99999999999'), 'time out of range', 'time'],
    [Buffer.from([...Buffer.from('u7,i'), 0xff, 0xfe, ...Buffer.from(',click,1511544070')]), 'bad UTF-8', ''],
    [Buffer.from(',i7,click,1511544070'), 'empty value', 'user_id'],
    [Buffer.from('u7,"",click,1511544070'), 'empty value', 'item_id'],
    [Buffer.from('u7,i7,click,'), 'empty value', 'time'],
  ];
  const places = bad.map((_, index) => 100 + index * 190 + random.integer(50));
  const parts: Buffer[] = [Buffer.from(byteOrderMark + header + lineEnd)];
  const rejects: {
    file: string;
    line: number;
    byteOffset: number;
    column: string;
    reason: string;
    text: string;
  }[] = [];
  const rows: (readonly [string, string, string, bigint])[] = [];
  let line = 2;
  let byteOffset = parts[0]!.length;
  const put = (bytes: Buffer, lines = 1) => {
    parts.push(bytes, Buffer.from(lineEnd));
    line += lines;
    byteOffset += bytes.length + lineEnd.length;
  };
  for (let index = 0; index < 2000; index++) {
    const at = places.indexOf(index);
    if (at >= 0) {
      const [bytes, reason, column] = bad[at]!;
      rejects.push({ file: 'log.csv', line, byteOffset, column, reason, text: bytes.toString() });
      put(bytes);
    }
    // Some with quotes, commas and line breaks inside: lines and records are not the same.
    const item = ['i', 'a, b', 'two\nlines', 'say "hi"', '甲乙'][random.integer(5)]! + random.integer(100);
    const seconds = 1511544000 + random.integer(100_000);
    const quoted = /[",\n]/.test(item) ? `"${item.replaceAll('"', '""')}"` : item;
    rows.push([`u${index % 50}`, item, 'click', BigInt(seconds) * 1_000_000n]);
    put(Buffer.from(`u${index % 50},${quoted},click,${seconds}`), item.includes('\n') ? 2 : 1);
  }
  return { content: Buffer.concat(parts), rows, rejects };
}

test.each([
  ['\n', ''],
  ['\r\n', '\uFEFF'],
])('each bad line among 2,000 good ones is listed with its place and reason (%j)', async (lineEnd, mark) => {
  const { content, rows, rejects } = dirtyLog(lineEnd, mark);
  const folder = await makeFolder({ 'log.csv': content });
  const result = await read(folder, spec('log.csv'), { maxRejectRatio: 0.01 });
  expect(result.rows).toEqual(rows);
  expect(result.rejects).toEqual(rejects);
  expect(result.counts).toEqual({
    read: 2010,
    kept: 2000,
    rejected: 10,
    filtered: 0,
    rejectedBy: {
      'wrong number of fields': 2,
      'unclosed quote': 1,
      'text after a closing quote': 1,
      'bad UTF-8': 1,
      'bad time': 1,
      'time out of range': 1,
      'empty value': 3,
    },
    filteredBy: {},
  });
});

test('a gzip file is read as its text is, and places are those of the text', async () => {
  const { content, rows, rejects } = dirtyLog('\n');
  const half = content.indexOf('\n', content.length >> 1) + 1;
  const folder = await makeFolder({
    'log.csv.gz': Buffer.concat([gzipSync(content.subarray(0, half)), gzipSync(content.subarray(half))]),
  });
  const result = await read(folder, spec('log.csv.gz'));
  expect(result.rows).toEqual(rows);
  expect(result.rejects).toEqual(rejects.map((reject) => ({ ...reject, file: 'log.csv.gz' })));
});

test('rejects of several files are listed file by file, and places count from the start of each', async () => {
  const folder = await makeFolder({
    'a.csv': `${header}\nu1,i1,click,1511544070\nu1,,click,1511544070\n`,
    'b.csv': `${header}\nu2,i2\nu2,i2,click,never\nu2,i2,click,1511544071\n`,
    'c.csv': `${header}\nu3,i3,click,1511544072\n`,
  });
  const { rows, rejects } = await read(folder, spec('?.csv'));
  expect(rows.map(([user]) => user)).toEqual(['u1', 'u2', 'u3']);
  expect(rejects).toEqual([
    {
      file: 'a.csv',
      line: 3,
      byteOffset: 53,
      column: 'item_id',
      reason: 'empty value',
      text: 'u1,,click,1511544070',
    },
    {
      file: 'b.csv',
      line: 2,
      byteOffset: 30,
      column: '',
      reason: 'wrong number of fields (2 instead of 4)',
      text: 'u2,i2',
    },
    { file: 'b.csv', line: 3, byteOffset: 36, column: 'time', reason: 'bad time', text: 'u2,i2,click,never' },
  ]);
});

test('too many rejects are an error with counts, examples and the way to the list', async () => {
  const folder = await makeFolder({
    'log.csv': `${header}\nu1,i1,click,1511544070\nu1,i1,click,1511544071\nu1,i1,click,x\n,i1,click,1511544071\n`,
  });
  const run = read(folder, spec('log.csv'), { maxRejectRatio: 0.49 });
  await expect(run).rejects.toThrow(UserError);
  await expect(run).rejects.toThrow('at most 49 % malformed rows (data.maxRejectRatio), got 50 %, 2 of 4');
  await expect(run).rejects.toThrow('1 empty value, 1 bad time');
  await expect(run).rejects.toThrow('log.csv:4 bad time in time: u1,i1,click,x');
  await expect(run).rejects.toThrow('log.csv:5 empty value in user_id: ,i1,click,1511544071');
  await expect(run).rejects.toThrow(join(folder, '.rejects', 'rejects.csv'));
  expect(existsSync(join(folder, '.rejects', 'rejects.csv'))).toBe(true);
  await expect(read(folder, spec('log.csv'), { maxRejectRatio: 0.5 })).resolves.toMatchObject({
    counts: { kept: 2, rejected: 2 },
  });
});

test('text in another encoding is malformed, and the error says so', async () => {
  const gbk = Buffer.from([0xbc, 0xd7, 0xd2, 0xd2]);
  const lines = Array.from({ length: 20 }, () => [
    Buffer.from('u1,'),
    gbk,
    Buffer.from(',click,1511544070\n'),
  ]);
  const folder = await makeFolder({
    'log.csv': Buffer.concat([Buffer.from(`${header}\n`), ...lines.flat()]),
  });
  await expect(read(folder, spec('log.csv'), { maxRejectRatio: 0.1 })).rejects.toThrow('GB18030');
});

test('a line beyond the limit is rejected and skipped, wherever it lies', async () => {
  const long = 'x'.repeat(1 << 20);
  const huge = 'y'.repeat(9 << 20);
  const good = 'u1,i1,click,1511544070';
  const folder = await makeFolder({
    'log.csv': [header, good, `u2,${long},click,1`, good, `u3,"${huge}\n${huge}",click,1`, good, ''].join(
      '\n',
    ),
  });
  const { rows, rejects, counts } = await read(folder, spec('log.csv'));
  expect(rows).toHaveLength(3);
  expect(rejects.map(({ line, reason }) => [line, reason])).toEqual([
    [3, 'line too long'],
    [5, 'line too long'],
    [6, 'line too long'],
  ]);
  expect(rejects[1]!.text.slice(0, 8)).toBe('u3,"yyyy');
  expect(counts).toMatchObject({ read: 6, kept: 3, rejected: 3 });
});

test('an unclosed quote costs its line alone, however much follows', async () => {
  const random = createRandom('unclosed');
  const lines = Array.from(
    { length: 60_000 },
    (_, index) => `u${index},i${random.integer(1000)},click,1511544070`,
  );
  const bad = [10, 30_000, 59_999];
  for (const index of bad) lines[index] = lines[index]!.replace(',i', ',"i');
  const folder = await makeFolder({ 'log.csv': [header, ...lines].join('\n') });
  const { rows, rejects } = await read(folder, spec('log.csv'));
  expect(rejects.map(({ line, reason }) => [line, reason])).toEqual(
    bad.map((index) => [index + 2, 'unclosed quote']),
  );
  expect(rows.map(([user]) => user)).toEqual(
    lines.flatMap((_, index) => (bad.includes(index) ? [] : [`u${index}`])),
  );
});

test('a list of rejects ends where it gets too long, and says so', async () => {
  const folder = await makeFolder({});
  const path = join(folder, 'rejects.csv');
  const list = rejectsFile(path, 2);
  const reject = { file: 'log.csv', byteOffset: 0, column: 'time', reason: 'bad time', text: 'x' };
  list.write({ ...reject, line: 1 });
  list.write({ ...reject, line: 2 });
  expect(list.isWhole).toBe(true);
  list.write({ ...reject, line: 3 });
  await list.close();
  expect([list.isWhole, (await readFile(path, 'utf8')).match(/^log\.csv,\d/gm)]).toEqual([
    false,
    ['log.csv,1', 'log.csv,2'],
  ]);
});

test('more malformed lines than DuckDB is given, which keeps each that it meets, are listed and left out', async () => {
  const good = Array.from({ length: 3000 }, (_, at) => `u${at % 50},i${at % 70},click,${1511544000 + at}`);
  const bad = 'x\n'.repeat(201_000);
  const folder = await makeFolder({
    'log.csv': `${header}\n${good.slice(0, 1000).join('\n')}\n${bad}${good.slice(1000).join('\n')}\n`,
  });
  const { rows, rejects, counts } = await read(folder, spec('log.csv'));
  expect(counts).toMatchObject({ read: 204_000, kept: 3000, rejected: 201_000 });
  expect(rows.map(([user, item]) => `${user},${item}`)).toEqual(
    good.map((line) => line.split(',').slice(0, 2).join()),
  );
  expect(rejects).toHaveLength(201_000);
  expect(rejects[0]).toMatchObject({
    line: 1002,
    reason: 'wrong number of fields (1 instead of 4)',
    text: 'x',
  });
  expect(rejects.at(-1)!.line).toBe(202_001);
});

test('a header in another encoding is refused, with what to do', async () => {
  const folder = await makeFolder({
    'log.csv': Buffer.from([0xbc, 0xd7, 0x2c, 0xd2, 0xd2, 0x0a, 0x31, 0x2c, 0x32, 0x0a]),
  });
  await expect(read(folder, specOf({ files: ['log.csv'] }, { text: ['x'] }))).rejects.toThrow(
    /^Cannot read the header of log\.csv: .*iconv -f GB18030 -t UTF-8\) \(log\.csv:1\)$/,
  );
});
