import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/common/errors.js';
import { wholeNumber } from '../../../src/features/whole-number.js';
import { makeFolder, read, specOf } from './reading.js';

const time = { columns: ['time'], format: 'auto', timeZone: 'UTC' };
const names = async (folder: string, files: readonly string[]) =>
  (await read(folder, specOf({ files }, { text: ['user'] }))).rows.map(([user]) => user);

test('files come in the order given, those of a glob in byte order, none twice', async () => {
  const part = (user: string) => `user,item\n${user},x\n`;
  const folder = await makeFolder({
    'log/part-10.csv': part('ten'),
    'log/part-2.csv': part('two'),
    'log/Part-3.csv': part('three'),
    'log/é.csv': part('e'),
    'log/deep/er/part-1.csv': part('one'),
    'last.csv': part('last'),
    'log/ignored.txt': part('ignored'),
  });
  expect(await names(folder, ['log/*.csv'])).toEqual(['three', 'ten', 'two', 'e']);
  expect(await names(folder, ['last.csv', 'log/part-?.csv'])).toEqual(['last', 'two']);
  expect(await names(folder, ['log/part-2.csv', 'log/*art-*.csv'])).toEqual(['two', 'three', 'ten']);
  expect(await names(folder, ['log/**/*.csv'])).toEqual(['three', 'one', 'ten', 'two', 'e']);
  expect(await names(folder, [join(folder, 'last.csv')])).toEqual(['last']);
  await expect(names(folder, ['log/*.parquet'])).rejects.toThrow('no file matches');
  await expect(names(folder, ['log/nowhere.csv'])).rejects.toThrow('there is no file');
  await expect(names(folder, ['log'])).rejects.toThrow('got the folder');
});

test('names of files and columns may hold whatever a name can hold', async () => {
  const file = `we[ir]d*'";{a,b}?\n 甲.csv`;
  const column = `it'em";--\n, 甲`;
  const folder = await makeFolder({
    [`[x]*/${file}`]: `"user","${column.replaceAll('"', '""')}",User\nu1,i1,U1\n`,
    'log.jsonl': `${JSON.stringify({ user: 'u2', [column]: 'i2', User: 'U2' })}\n`,
    'x1/we1.csv': 'user\nnot this one\n',
  });
  const text = ['User', column, 'user'];
  for (const [source, expected] of [
    [`[x]*/${file}`, ['U1', 'i1', 'u1']],
    ['log.jsonl', ['U2', 'i2', 'u2']],
  ] as const) {
    const { rows } = await read(folder, specOf({ files: [source] }, { text }));
    expect(rows).toEqual([expected]);
  }
  const inside = join(folder, '[x]*');
  const { rows } = await read(inside, specOf({ files: ['we*.csv'] }, { text }));
  expect(rows).toEqual([['U1', 'i1', 'u1']]);
});

test('files of one table may differ in the order of their columns', async () => {
  const folder = await makeFolder({
    'a.csv': 'user,item,more\nu1,i1,x\n',
    'b.csv': 'item,user\ni2,u2\n',
    'c.tsv': 'extra\titem\tuser\n,\ti3\tu,3\n',
    'd.jsonl': '{"item":"i4","user":"u4"}\n',
  });
  const logged: string[] = [];
  const spec = specOf({ files: ['a.csv', 'b.csv', 'c.tsv', 'd.jsonl'] }, { text: ['user', 'item'] });
  const { rows } = await read(folder, spec, { logged });
  expect(rows).toEqual([
    ['u1', 'i1'],
    ['u2', 'i2'],
    ['u,3', 'i3'],
    ['u4', 'i4'],
  ]);
  expect(logged.join('\n')).toContain('["more","extra"]');
  const wrong = read(folder, specOf({ files: ['a.csv', 'b.csv'] }, { text: ['user', 'more'] }));
  await expect(wrong).rejects.toThrow('required the column `more`, got none of that name');
  await expect(wrong).rejects.toThrow('(b.csv:1). Its columns are "item", "user"');
});

test('a missing column is named with the one that may be meant, a repeated one is refused', async () => {
  const folder = await makeFolder({ 'log.csv': 'user_id,item_id,x,x\n1,2,3,4\n' });
  const run = (text: string[]) => read(folder, specOf({ files: ['log.csv'] }, { text }));
  await expect(run(['user_id', 'itemid'])).rejects.toThrow(UserError);
  await expect(run(['itemid'])).rejects.toThrow('did you mean `item_id`?');
  await expect(run(['x'])).rejects.toThrow('the column `x` stands there 2 times');
  expect((await run(['item_id'])).rows).toEqual([['2']]);
});

test('delimiters, quotes and headers are as the config says', async () => {
  const folder = await makeFolder({
    'semicolon.csv': "user;item\n'u;1';i1\nu2;'it''s'\n",
    'plain.csv': 'user,item\n"u1",i"1\n"u2,i2\n',
    'headless.txt': '\uFEFFu1\u0001i1\r\nu2\u0001i2',
    'one.csv': 'user\nu1\n\nu2\n\n\n',
    'empty-fields.csv': 'user,item\n,\n"",i\n',
  });
  const rows = async (file: string, source: object, text = ['user', 'item']) =>
    (await read(folder, specOf({ files: [file], ...source }, { text }))).rows;
  expect(await rows('semicolon.csv', { delimiter: ';', quote: "'" })).toEqual([
    ['u;1', 'i1'],
    ['u2', "it's"],
  ]);
  expect(await rows('plain.csv', { quote: '' })).toEqual([
    ['"u1"', 'i"1'],
    ['"u2', 'i2'],
  ]);
  expect(await rows('headless.txt', { delimiter: '\u0001', columns: ['user', 'item'] })).toEqual([
    ['u1', 'i1'],
    ['u2', 'i2'],
  ]);
  expect(await rows('one.csv', {}, ['user'])).toEqual([['u1'], ['u2']]);
  expect(await rows('empty-fields.csv', {})).toEqual([
    [null, null],
    [null, 'i'],
  ]);
});

test('what an input holds that cannot be read is said in one sentence', async () => {
  const csv = 'user,item\nu1,i1\n';
  const folder = await makeFolder({
    'nothing.csv': '',
    'header.csv': 'user,item\r\n',
    'cut.csv.gz': gzipSync(csv.repeat(1000)).subarray(0, 60),
    'garbage.csv.gz': Buffer.concat([gzipSync(csv).subarray(0, 20), Buffer.from('garbage, not gzip')]),
    'utf16.csv': Buffer.from(`\uFEFF${csv}`, 'utf16le'),
    'book.csv': Buffer.from('PK\u0003\u0004...'),
    'text.parquet': csv,
    'mac.csv': 'user,item\ru1,i1\r',
    'broken-header.csv': '"user,item\nu1,i1\n',
  });
  const run = (file: string) => read(folder, specOf({ files: [file] }, { text: ['user'] }));
  for (const [file, message] of [
    ['nothing.csv', 'required rows, got none (nothing.csv)'],
    ['header.csv', 'required rows, got none (header.csv)'],
    ['cut.csv.gz', 'required a whole gzip file, got unexpected end of file'],
    ['garbage.csv.gz', 'required a whole gzip file'],
    ['utf16.csv', 'it is UTF-16'],
    ['book.csv', 'it is a zip archive'],
    ['text.parquet', 'required parquet, got something else'],
    ['mac.csv', 'stray carriage return (mac.csv:1)'],
    ['broken-header.csv', 'unclosed quote (broken-header.csv:1)'],
  ] as const) {
    await expect(run(file), file).rejects.toThrow(UserError);
    await expect(run(file), file).rejects.toThrow(message);
  }
});

test('JSON lines keep numbers as they stand, and lists under a separator are joined', async () => {
  const lines = [
    '{"user": 1, "item": 266079.0, "tags": ["a", "b"], "time": 1511544070, "label": true}',
    '{"user": "u\\u4e2d", "item": 12345678901234567890, "tags": "a|b", "time": 1511544071.5, "label": 0.5}',
    '',
    '{"item": "x", "user": null, "time": 5, "label": 1}',
    '{"user": "u", "item": "x", "time": 5, "label": "one"}',
    '{"user": "u", "item": "x", "time": 5, "label": 1',
    '[1, 2]',
    '  {"user": "", "item": "x", "time": 5, "label": 1}  ',
    '{"user": "u\u0001", "item": "x", "time": 5, "label": 1}',
    '{"user": "u3", "item": {"a": 1}, "tags": [], "time": 1511544072, "label": 1}',
    '',
  ];
  for (const [name, lineEnd] of [
    ['log.jsonl', '\n'],
    ['log.json', '\r\n'],
  ] as const) {
    const folder = await makeFolder({
      [name]: lines.join(lineEnd),
      [`${name}.gz`]: gzipSync(lines.join(lineEnd)),
    });
    for (const file of [name, `${name}.gz`]) {
      const { rows, rejects, counts } = await read(
        folder,
        specOf(
          { files: [file] },
          {
            text: ['user', 'item', 'tags'],
            numbers: ['label'],
            required: ['user', 'label'],
            separators: { tags: '|' },
            time,
          },
        ),
      );
      expect(rows).toEqual([
        ['1', '266079.0', 'a|b', 1, 1511544070_000000n],
        ['u中', '12345678901234567890', 'a|b', 0.5, 1511544071_500000n],
        ['u3', '{"a":1}', null, 1, 1511544072_000000n],
      ]);
      const offset = (line: number) =>
        Buffer.byteLength(
          lines
            .slice(0, line - 1)
            .map((text) => text + lineEnd)
            .join(''),
        );
      expect(rejects).toEqual(
        (
          [
            [4, 'user', 'empty value'],
            [5, 'label', 'bad number'],
            [6, '', 'malformed JSON'],
            [7, '', 'malformed JSON'],
            [8, 'user', 'empty value'],
            [9, '', 'malformed JSON'],
          ] as const
        ).map(([line, column, reason]) => ({
          file,
          line,
          byteOffset: offset(line),
          column,
          reason,
          text: lines[line - 1],
        })),
      );
      expect(counts).toMatchObject({ read: 9, kept: 3, rejected: 6 });
    }
  }
  const folder = await makeFolder({ 'log.jsonl': lines.join('\n') });
  await expect(read(folder, specOf({ files: ['log.jsonl'] }, { text: ['users'] }))).rejects.toThrow(
    'did you mean `user`?',
  );
});

test('Parquet gives typed times, lists, text of numbers, and rejects by row', async () => {
  const folder = await makeFolder();
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(
    `COPY (SELECT * FROM (VALUES
       ('u1', 7, ['a', 'b'], TIMESTAMP '2017-11-25 08:30:00.5', TIMESTAMPTZ '2017-11-25 08:30:00+08', DATE '2017-11-25', 5.0, 1::DOUBLE, true),
       (NULL, 8, NULL, TIMESTAMP '2017-11-25 08:30:00', NULL, NULL, 6.5, 1, true),
       ('u3', NULL, [], TIMESTAMP '2017-11-25 08:30:00', TIMESTAMPTZ '2017-11-25 08:30:00Z', DATE '1969-11-25', 1e400::DOUBLE, 'nan', false),
       ('', 9, [], TIMESTAMP '2017-11-25 08:30:00', now(), DATE '2017-11-25', 1, 1, false)
     ) t("user", "it""em", tags, local, absolute, day, seconds, number, flag))
     TO '${join(folder, 'log.parquet')}' (FORMAT parquet)`.replace('1e400', '4294967295.5'),
  );
  const run = (rest: object) =>
    read(
      folder,
      specOf(
        { files: ['*.parquet'] },
        { text: ['user', 'it"em', 'tags'], separators: { tags: '|' }, ...rest },
      ),
    );
  const timed = (column: string, format = 'auto') =>
    run({ time: { columns: [column], format, timeZone: 'Asia/Shanghai' } });
  const us = (iso: string) => BigInt(Date.parse(iso)) * 1000n;
  const local = await timed('local');
  expect(local.rows[0]).toEqual(['u1', '7', 'a|b', us('2017-11-25T00:30:00.500Z')]);
  expect(local.rows[2]).toEqual(['u3', null, null, us('2017-11-25T00:30:00Z')]);
  const absolute = await timed('absolute');
  expect(absolute.rows[0]!.at(-1)).toBe(us('2017-11-25T00:30:00Z'));
  expect(absolute.rejects).toMatchObject([
    { line: 2, column: 'absolute', reason: 'empty value', byteOffset: null },
  ]);
  const day = await timed('day');
  expect(day.rows[0]!.at(-1)).toBe(us('2017-11-24T16:00:00Z'));
  expect(day.rejects.map(({ line, reason }) => [line, reason])).toEqual([
    [2, 'empty value'],
    [3, 'time out of range'],
  ]);
  expect((await timed('seconds', 'seconds')).rows.map((row) => row.at(-1))).toEqual([
    5_000000n,
    6_500000n,
    4294967295_500000n,
    1_000000n,
  ]);
  const numbers = await run({ numbers: ['number', 'flag'], required: ['user'] });
  expect(numbers.rows).toEqual([['u1', '7', 'a|b', 1, 1]]);
  expect(numbers.rejects.map(({ line, column, reason }) => [line, column, reason])).toEqual([
    [2, 'user', 'empty value'],
    [3, 'number', 'bad number'],
    [4, 'user', 'empty value'],
  ]);
  expect(JSON.parse(numbers.rejects[0]!.text)).toMatchObject({ user: null, 'it"em': 8 });
});

test('numbers are finite or rejected', async () => {
  const values = ['1', '0.5', '-3e2', 'True', 'false', '', 'nan', 'inf', '1_000', '1,5', 'x'];
  const folder = await makeFolder({
    'samples.csv': `n,label\n${values.map((value, n) => `${n},"${value}"`).join('\n')}`,
  });
  const { rows, rejects } = await read(
    folder,
    specOf({ files: ['samples.csv'] }, { text: ['n'], numbers: ['label'] }),
  );
  expect(rows.map(([, label]) => label)).toEqual([1, 0.5, -300, 1, 0, null]);
  expect(rejects.map(({ line }) => line)).toEqual([8, 9, 10, 11, 12]);
});

test('a Parquet file that is cut off or damaged is named', async () => {
  const folder = await makeFolder({ 'junk.parquet': 'PAR1, and nothing that it says' });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const whole = join(folder, 'whole.parquet');
  await connection.run(`COPY (SELECT 'u' || range AS user FROM range(9000)) TO '${whole}' (FORMAT parquet)`);
  const bytes = await readFile(whole);
  await writeFile(join(folder, 'cut.parquet'), bytes.subarray(0, bytes.length - 30));
  await writeFile(
    join(folder, 'flipped.parquet'),
    bytes.map((byte, at) => (at > 100 && at < 4000 ? byte ^ 255 : byte)),
  );
  for (const name of ['junk', 'cut', 'flipped']) {
    const reading = read(folder, specOf({ files: [`${name}.parquet`] }, { text: ['user'] }));
    await expect(reading, name).rejects.toThrow(UserError);
    await expect(reading, name).rejects.toThrow(
      `Cannot read ${name}.parquet: required a whole Parquet file, got`,
    );
  }
});

test('whole numbers that are written as floats are read as such where that is asked for', async () => {
  const cells = [
    '266079.0',
    '-7.00',
    '0.0',
    '12.5',
    '1.',
    '.0',
    '1e5',
    'v1.0',
    '1.0|2.0',
    '99999999999999999999.0',
    ' 3.0',
    '',
  ];
  const folder = await makeFolder({
    'log.csv': `id,tags\n${cells.map((cell) => `"${cell}","${cell}"`).join('\n')}\n`,
  });
  const columns = { text: ['id', 'tags'], separators: { tags: '|' } };
  const rows = async (wholeNumbers: boolean) =>
    (await read(folder, specOf({ files: ['log.csv'] }, { ...columns, wholeNumbers }))).rows;
  const asIs = cells.map((cell) => cell || null);
  expect(await rows(false)).toEqual(asIs.map((cell) => [cell, cell]));
  const whole = [
    '266079',
    '-7',
    '0',
    '12.5',
    '1.',
    '.0',
    '1e5',
    'v1.0',
    '1.0|2.0',
    '99999999999999999999',
    ' 3.0',
    null,
  ];
  expect(await rows(true)).toEqual(whole.map((cell, at) => [cell, asIs[at]]));
  expect(cells.map((cell) => wholeNumber(cell) || null)).toEqual(whole);
});
