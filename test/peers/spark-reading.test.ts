/** Tables read by Spark are those that DuckDB reads: rows, order, counts and rejects, but for what Spark can't tell. Of `npm run peers`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import type { TableSpec } from '../../src/preprocess/read/table-spec.js';
import { ingestBySpark } from '../../src/preprocess/spark/ingest.js';
import type { SparkSession } from '../../src/preprocess/spark/session.js';
import { makeFolder, type ReadTable, read, specOf } from '../preprocess/read/reading.js';
import { referenceCsv } from '../preprocess/read/reference-csv.js';
import { startSpark, withoutSpark } from './spark-session.js';

let spark: SparkSession;
let stop: () => Promise<void>;

beforeAll(async () => {
  if (!withoutSpark) ({ spark, stop } = await startSpark());
}, 600_000);

afterAll(() => stop?.());

const readBySpark = (folder: string, spec: TableSpec, logged: string[] = []) =>
  read(folder, spec, {
    logged,
    by: (connection, table, options) => ingestBySpark(spark, connection, table, options),
  });

/** Rejects without what Spark can't tell; a row of Parquet is a text of its own in each engine. */
const told = ({ rejects }: ReadTable) =>
  rejects.map(({ byteOffset, text, ...reject }) =>
    reject.file.endsWith('.parquet') ? reject : { ...reject, text },
  );

async function expectSame(folder: string, spec: TableSpec): Promise<ReadTable> {
  const expected = await read(folder, spec);
  const got = await readBySpark(folder, spec);
  expect(got.rows).toEqual(expected.rows);
  expect(got.counts).toEqual(expected.counts);
  expect(told(got)).toEqual(told(expected));
  expect(got.timeFormat).toBe(expected.timeFormat);
  return got;
}

describe.skipIf(withoutSpark)(
  `tables by Spark${withoutSpark ? `: ${withoutSpark}` : ''}`,
  { timeout: 600_000 },
  () => {
    test('each line is divided as the reference says, whatever it holds', async () => {
      const { uniform: random } = createRandom('random lines');
      const pieces = ['a', 'b', '"', '""', '"', ',', ',', ',', ' ', '\t', '甲', '😀', "'", '\\', '$1'];
      const lines = Array.from({ length: 3000 }, () =>
        Array.from(
          { length: Math.floor(random() * 14) },
          () => pieces[Math.floor(random() * pieces.length)],
        ).join(''),
      );
      const columns = ['first', 'second', 'third'];
      const expected = lines.map((line) => referenceCsv(line, 3)[0]);
      const folder = await makeFolder({ 'log.csv': lines.join('\n') });
      const got = await readBySpark(folder, specOf({ files: ['log.csv'], columns }, { text: columns }));
      const rejected = new Map(got.rejects.map(({ line, reason }) => [line, reason]));
      const rows = got.rows.values();
      for (const [at, line] of lines.entries()) {
        const { fields, reason } = expected[at] ?? {};
        const found = rejected.get(at + 1);
        expect({ line, reason: found }).toEqual({ line, reason });
        if (fields) expect({ line, fields: rows.next().value }).toEqual({ line, fields });
      }
      expect(rows.next().done).toBe(true);
      expect(got.counts.rejected).toBeGreaterThan(500);
      expect(got.counts.kept).toBeGreaterThan(100);
    });

    test('rows come in the order of the input, over files and blocks, with headers, blank lines and ties', async () => {
      const random = createRandom('order');
      const part = (name: string, header: string, lineEnd: string) => {
        const lines = Array.from({ length: 700 }, (_, at) => [`${name}-${at}`, `u${random.integer(5)}`]);
        const ordered = header.startsWith('n') ? lines : lines.map((line) => [...line].reverse());
        return [
          header,
          ...ordered.map((line) => (random.integer(20) === 0 ? `${lineEnd}` : '') + line.join(',')),
        ].join(lineEnd);
      };
      const folder = await makeFolder({
        'log/b we[i]rd 甲#%20.csv': part('b', 'n,user', '\n'),
        'log/a.csv': `\uFEFF${part('a', 'n,user', '\r\n')}\r\n`,
        'log/c.csv': `\n\n${part('c', 'user,n', '\n')}`,
        'log/empty.csv': '',
        'last.csv.gz': gzipSync(part('last', 'n,user', '\n')),
        'log/_SUCCESS': '',
      });
      const spec = specOf(
        { files: ['last.csv.gz', 'log/*.csv'] },
        {
          text: ['n', 'user'],
          required: ['n'],
          filter: { keep: { user: ['u1', 'u2', 'u4'] }, deduplicate: false },
        },
      );
      const { rows } = await expectSame(folder, spec);
      expect(rows.length).toBeGreaterThan(1500);
      const { rows: once } = await expectSame(
        folder,
        specOf({ files: ['log/*.csv'] }, { text: ['user'], filter: { keep: {}, deduplicate: true } }),
      );
      expect(once.length).toBe(5);
    });

    test('numbers and whole numbers', async () => {
      const texts = [
        ...[
          '1',
          '-1.5',
          '.5',
          '5.',
          '1e3',
          '1E-3',
          '+7',
          ' 8 ',
          '\t9',
          'true',
          'FALSE',
          '0.1',
          '1e400',
          '-0',
          '00012',
        ],
        ...[
          '1f',
          '2d',
          '1L',
          '0x10',
          'nan',
          'inf',
          'Infinity',
          '1_000',
          '1,5',
          '--1',
          'e5',
          '',
          '12345678901234567890',
        ],
        ...[
          '266079.0',
          '266079.000',
          '-5.0',
          '5.0.0',
          '5.10',
          'x5.0',
          '1.7976931348623157e308',
          '4.9e-324',
          '0.30000000000000004',
        ],
      ];
      const folder = await makeFolder({
        'log.csv': `n,text\n${texts.map((text, at) => `${at},"${text}"`).join('\n')}\n`,
      });
      await expectSame(
        folder,
        specOf({ files: ['log.csv'] }, { text: ['n', 'text'], numbers: ['text'], wholeNumbers: true }),
      );
    });

    const TIMES: readonly (readonly [format: string, timeZone: string, texts: readonly string[]])[] = [
      [
        'iso',
        'Asia/Shanghai',
        [
          ...[
            '2017-11-25',
            '2017-11-25 08',
            '2017-11-25T08:30',
            '2017-11-25 08:30:15',
            '2017-11-25T08:30:15',
            '2016-02-29',
          ],
          ...[
            '2017-11-25 08:30:15.25',
            '2017-11-25 08:30:15,000001',
            '2017-11-25 08:30:15.123456789',
            '2017-02-29',
          ],
          ...[
            '2017-11-25T08:30:15Z',
            '2017-11-25 08:30:15.5Z',
            '2017-11-25T08:30:15+01:00',
            '2017-11-25 08:30:15.5-0330',
          ],
          ...[
            '2017-11-25T08:30:15 +01',
            '2017-11-25T08:30-05',
            '2017-11-25T08+01:00',
            '2017-11-25 08:60:00',
            '2106-02-08',
          ],
          ...[
            '2017-11-25 25:00:00',
            '2017-11-25 8:30:15',
            '2017/11/25',
            '1511544070',
            '1969-12-31',
            'yesterday',
            'epoch',
            '',
          ],
          ...[
            '2017-11-25 24:00:00',
            '2017-11-25 24:00:01',
            '2017-11-25T08:30:15,5Z',
            '2017-11-25T08:30:15 Z',
            '2017-11-25 08:30:15+99',
            '2017-11-25 08:30:15 Asia/Tokyo',
            '2017-13-01',
            '2017-00-10',
            '2017-11-25 08:30:60',
            '2017-11-25\u20288',
          ],
        ],
      ],
      [
        'seconds',
        'Asia/Shanghai',
        [
          ...[
            '1511544070',
            '1511544070.0',
            '1.51154407e9',
            '1511544070.000001',
            '4294967295.999999',
            '0',
            '-1',
            '4294967296',
          ],
          ...[
            '1511544070000',
            '-9223372036854775808',
            '1_511_544_070',
            '99999999999999999999999',
            '1e300',
            'nan',
            'inf',
            '12:30',
            '2017-11-25',
            '7.5',
          ],
        ],
      ],
      [
        'milliseconds',
        'UTC',
        ['1511544070123', '1511544070123.456', '1511544070', '4294967296000', '9223372036854775807'],
      ],
      [
        '%d/%b/%Y:%H:%M:%S %z',
        'UTC',
        [
          ...['25/Nov/2017:08:30:00 +0100', '05/feb/2017:08:30:00 -0000', '31/Feb/2017:08:30:00 +0100'],
          ...['25/Nov/2017:08:30:00 \t +01:30:10', '25/Nov/2017:08:30:00 Z', '25/Nov/17:08:30:00 +0100'],
        ],
      ],
      [
        '%y-%m-%d %H:%M %p',
        'UTC',
        ['17-11-25 08:30 PM', '7-11-25 12:30 am', '17-11-25 00:30 PM', '17-11-25 13:30 PM', '69-1-1 1:00 AM'],
      ],
      ['%y-%m-%d %I:%M', 'UTC', ['17-11-25 12:30', '17-11-25 08:30', '17-11-25 13:30', '17-11-25 00:30']],
      [
        '%d.%m.%Y %I:%M %p',
        'UTC',
        ['25.11.2017 08:30 PM', '5.1.2017 12:00 AM', '5.1.2017 12:00 pm', '5.1.2017 13:00 pm', 'x'],
      ],
      [
        '%Y%m%d%H',
        'America/New_York',
        ['2017112508', '2017031202', '2017110501', '2017110601', '20171125', '2017112524'],
      ],
    ];

    test.each(TIMES)('times as %s in %s', async (format, timeZone, texts) => {
      const folder = await makeFolder({
        'log.csv': `n,time\n${texts.map((text, at) => `${at},"${text}"`).join('\n')}\n`,
      });
      await expectSame(
        folder,
        specOf({ files: ['log.csv'] }, { text: ['n'], time: { columns: ['time'], format, timeZone } }),
      );
    });

    test('local times around changes of the clocks', async () => {
      const start = Date.parse('2015-01-01T00:00:00Z');
      // Every half hour of some days, among which clocks change.
      const days = (from: string, count: number) =>
        Array.from({ length: 48 * count }, (_, at) => Date.parse(`${from}T00:00:00Z`) + 1_800_000 * at);
      const moments = [
        start,
        ...days('2016-03-12', 3),
        ...days('2016-03-26', 3),
        ...days('2016-04-02', 2),
        ...days('2016-10-01', 2),
        ...days('2016-10-29', 2),
        ...days('2016-11-05', 3),
      ];
      const lines = moments.map(
        (ms, at) => `${at},${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}`,
      );
      const folder = await makeFolder({ 'log.csv': `n,time\n${lines.join('\n')}\n` });
      for (const timeZone of ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe']) {
        await expectSame(
          folder,
          specOf(
            { files: ['log.csv'] },
            { text: ['n'], time: { columns: ['time'], format: 'auto', timeZone } },
          ),
        );
      }
    });

    test('JSON lines and Parquet, with lists and times of a type of their own', async () => {
      const lines = [
        '{"user": 1, "item": "a", "tags": ["a", "b"], "time": 1511544070, "label": true}',
        '{"user": "u\\u4e2d", "item": 12345678901234567890, "tags": "a|b", "time": 1511544071.5, "label": 0.5}',
        '',
        '{"user": "", "item": null, "time": "1511544072"}',
        "{'user': 1}",
        '[1, 2]',
        '{"user": 1',
        'null',
        '{"item": "b", "user": "u1", "tags": [], "time": 1511544073, "more": {"a": 1}}',
        '{"item": "b", "user": "u2", "tags": "[new] shoes", "time": 1511544074}',
        '{"item": "b", "user": "u2", "tags": "[a", "time": 1511544075}',
      ];
      const folder = await makeFolder({ 'log.jsonl': `${lines.join('\n')}\n` });
      const time = { columns: ['time'], format: 'auto', timeZone: 'Asia/Shanghai' };
      const spec = (file: string): TableSpec =>
        specOf(
          { files: [file] },
          {
            text: ['user', 'item', 'tags'],
            numbers: ['label'],
            separators: { tags: '|' },
            required: ['user'],
            time,
          },
        );
      await expectSame(folder, spec('log.jsonl'));
      const instance = await DuckDBInstance.create(':memory:');
      const connection = await instance.connect();
      const types = {
        local: 'TIMESTAMP',
        zoned: 'TIMESTAMPTZ',
        day: 'DATE',
        text: 'VARCHAR',
        number: 'BIGINT',
      } as const;
      for (const [name, type] of Object.entries(types)) {
        const moment =
          name === 'number'
            ? '1511544070 + i'
            : `TIMESTAMP '2017-11-25 00:00:00' + to_days(CAST(i AS INTEGER))`;
        await connection.run(
          `COPY (SELECT nullif('u' || i % 7, 'u3') AS "user", i AS item, ['x', 'y' || i] AS tags, 'x' AS file, 1 AS "number", 'y' AS "User", CAST(${moment} AS ${type}) AS "time", i / 7 AS label
         FROM range(3000) r(i)) TO '${folder}/${name}.parquet' (ROW_GROUP_SIZE 500)`,
        );
        const { counts } = await expectSame(folder, spec(`${name}.parquet`));
        expect(counts.rejectedBy).toEqual({ 'empty value': 429 });
      }
      await connection.run(
        `COPY (SELECT x AS wide, CAST(x AS FLOAT) AS narrow FROM (VALUES (1.0), (266079.0), (9999999.0), (10000000.0), (-12345678.0), (16777215.0), (0.5)) v(x))
         TO '${folder}/floats.parquet'`,
      );
      const floats = specOf({ files: ['floats.parquet'] }, { text: ['wide', 'narrow'], wholeNumbers: true });
      const { rows } = await expectSame(folder, floats);
      expect(rows[4]).toEqual(['-12345678', '-12345678']);
      await connection.run(
        `COPY (SELECT 'u' || i AS n, TIMESTAMP_NS '2017-11-25 08:30:15.123456789' AS at FROM range(3) r(i)) TO '${folder}/nanoseconds.parquet'`,
      );
      await expectSame(folder, specOf({ files: ['nanoseconds.parquet'] }, { text: ['n'] }));
    });

    test('files are those that DuckDB reads, whatever they and their folder are called, and what is not read is said', async () => {
      const folder = join(await makeFolder(), `ro[ot] {x}'#%20*`);
      await mkdir(folder);
      const names = [`a,b{c}[d]?*'".csv`, 'a%b+c&d=e;.csv', 'a\nb.csv', 'date=2017.csv', ' .csv'];
      for (const [at, name] of names.entries()) await writeFile(join(folder, name), `n\n${at}\n`);
      const { rows } = await expectSame(folder, specOf({ files: ['*.csv'] }, { text: ['n'] }));
      expect(rows.length).toBe(names.length);
      const problem = (where: string, files: readonly string[]) =>
        readBySpark(where, specOf({ files }, { text: ['n'] })).then(
          () => 'it was read',
          (error: Error) => error.message,
        );
      for (const name of ['_a.csv', 'a.csv._COPYING_']) {
        await writeFile(join(folder, name), 'n\n1\n');
        expect(await problem(folder, ['*.csv', name])).toContain(`Spark finds no file ${join(folder, name)}`);
      }
      const two = await makeFolder({ 'a b.csv': 'n\n1\n', 'a%20b.csv': 'n\n1\n' });
      expect(await problem(two, ['a b.csv', 'a%20b.csv'])).toContain('Cannot tell a b.csv from a%20b.csv');
    });

    test('a column that comes late in a file of JSON, and a header of many bytes, are found', async () => {
      const late = (at: number) =>
        JSON.stringify({ n: at, more: 'x'.repeat(200), ...(at > 700 && { t: 5 }) });
      const folder = await makeFolder({
        'a.jsonl': '{"n": 1, "t": 2}\n',
        'b.jsonl': Array.from({ length: 800 }, (_, at) => late(at)).join('\n'),
        'a.csv': 'n,t\n1,2\n',
        'b.csv': `\n\nn,t,${'x'.repeat(100_000)}\n1,2,3\n`,
      });
      for (const ending of ['jsonl', 'csv']) {
        await expectSame(folder, specOf({ files: [`a.${ending}`, `b.${ending}`] }, { text: ['n', 't'] }));
      }
    });

    test('what is malformed is counted and listed as by DuckDB; what Spark cannot tell is said', async () => {
      const bad = Buffer.concat([
        Buffer.from('u7,i'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(',click,1511544070\n'),
      ]);
      const text = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const content = Buffer.concat([
        text([
          'user_id,item_id,behavior,time',
          'u1,i1,click,1511544070',
          'u7,i7,click',
          'u7,i7,click,1511544070,more',
        ]),
        bad,
        text([
          'u7,"i7"x,click,1511544070',
          'u7,i7,click,yesterday',
          ',i7,click,1511544070',
          'u7,"",click,1511544070',
        ]),
        text([
          'u7,i\r7,click,1511544070',
          'u7,i7,click,99999999999',
          `u7,${'x'.repeat(1 << 20)},click,1511544070`,
        ]),
        text(['u2,"a ""quoted"", one",click,1511544071', 'u7,"i7,click,1511544070']),
      ]);
      const folder = await makeFolder({ 'log.csv': content });
      const spec = specOf(
        { files: ['log.csv'] },
        {
          text: ['user_id', 'item_id', 'behavior'],
          required: ['user_id', 'item_id'],
          time: { columns: ['time'], format: 'auto', timeZone: 'UTC' },
        },
      );
      const { counts } = await expectSame(folder, spec);
      expect(Object.keys(counts.rejectedBy).length).toBe(9);
      // As latin1 each character is a byte, and é none of UTF-8.
      const lines = [
        'u1,Caf\xe9',
        'u2,x',
        'u3,\xf0\x9f',
        'u4,a\rb',
        'u5,"a\rb"',
        'u6,"a"\r',
        'u7,"a"\rb,c',
        'u8,a\rb,"c',
        'u9,a\rb,"c"d',
      ];
      const windows = await makeFolder({
        'log.csv': Buffer.from(['n,text', ...lines, ''].join('\r\n'), 'latin1'),
      });
      const { rejects } = await expectSame(windows, specOf({ files: ['log.csv'] }, { text: ['n', 'text'] }));
      expect(rejects.map(({ reason }) => reason)).toEqual([
        'bad UTF-8',
        'bad UTF-8',
        'stray carriage return',
        'stray carriage return',
        'stray carriage return',
        'unclosed quote',
        'text after a closing quote',
      ]);
      const two = await makeFolder({
        'log.csv':
          'user_id,item_id,behavior,time\nu1,"two\nlines",click,1511544070\nu2,i2,click,1511544070\n',
      });
      const logged: string[] = [];
      const read = await readBySpark(two, spec, logged);
      expect(read.counts.rejectedBy).toEqual({ 'unclosed quote': 1, 'wrong number of fields': 1 });
      expect(read.rows.map(([user]) => user)).toEqual(['u2']);
      const said = logged.join('\n');
      expect(said).toContain('the list of rejected rows has lines and no byte offsets');
      expect(said).toContain('cannot tell quotes of log that are not closed from records of several lines');
    });
  },
);
