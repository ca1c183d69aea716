/** What is written for Spark, as text; what it makes of it is compared in test/peers (npm run peers). */
import { expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { sparkDialect } from '../../src/preprocess/spark/dialect.js';
import { sparkIdentifier, sparkLiteral } from '../../src/preprocess/spark/quoting.js';
import { sparkCsv, sparkJson, sparkParquet } from '../../src/preprocess/spark/relation.js';
import { findSparkFiles } from '../../src/preprocess/spark/spark-files.js';
import { sparkTimeSql } from '../../src/preprocess/spark/spark-time.js';

test('texts and names are quoted so that Spark takes them for what they are', () => {
  expect(sparkLiteral(`it's a \\ and\na tab\t`)).toBe(String.raw`'it\'s a \\ and\na tab\t'`);
  expect(sparkLiteral("'; DROP TABLE x; --")).toBe(String.raw`'\'; DROP TABLE x; --'`);
  expect(sparkIdentifier('a `b` "c"')).toBe('`a ``b`` "c"`');
  expect(sparkDialect.wholeNumber('x')).toBe(String.raw`regexp_replace(x, '^(-?\\d+)\\.0+\\z', '$1')`);
});

test('a pattern becomes a regular expression with its parts in their order', () => {
  const sql = sparkTimeSql('t', '%d.%m.%Y %H:%M', 'UTC');
  expect(sql).toContain(
    String.raw`t RLIKE '^\\s*(\\d{1,2}+)\\.(\\d{1,2}+)\\.(\\d{1,4}+)\\s++(\\d{1,2}+):(\\d{1,2}+)\\s*\\z'`,
  );
  expect(sparkTimeSql('t', '%m%d', 'UTC', 2020)).toContain(
    `CASE length(t) WHEN 3 THEN '0' || t ELSE t END RLIKE`,
  );
});

test('a pattern that Spark is not told to read is refused with those that it is', () => {
  const read = () => sparkTimeSql('t', '%A %d', 'UTC');
  expect(read).toThrow(UserError);
  expect(read).toThrow('it reads %Y %y %m %d %H %I %M %S %f %p %b %z, got %A');
  expect(() => sparkTimeSql('t', '%Y %Y', 'UTC')).toThrow('got %Y');
});

test('the least number is none of seconds', () => {
  expect(sparkTimeSql('t', 'seconds', 'UTC')).toContain('BETWEEN -999999999999L AND 999999999999L');
});

test('a line is divided by its delimiter alone where the format has no quotes', () => {
  const kind = { format: 'csv', isGzip: false, delimiter: 0x7c, quote: -1 } as const;
  const { from, text, isBlank } = sparkCsv('lines', kind, ['a', 'b'], true);
  expect(from).toContain(String.raw`split(line, '\\x7c', -1) AS cells`);
  expect(from).toContain(`WHEN size(cells) <> 2 THEN 'wrong number of fields'`);
  expect(from).not.toContain('unclosed quote');
  expect(text('b')).toBe(`nullif(cells[1], '')`);
  expect(isBlank).toBe(`line = ''`);
});

test('names of columns that are no names of SQL are quoted in JSON and Parquet', () => {
  expect(sparkJson('lines', ['it`s'], {}, true).from).toContain(
    'STRUCT<`it``s`: STRING, dupn_corrupt: STRING>',
  );
  const parquet = sparkParquet(
    'rows',
    new Map([
      ['a b', 'array<string>'],
      ['t', 'timestamp_ntz'],
      ['n', 'bigint'],
    ]),
    { 'a b': '|' },
  );
  expect(parquet.text('a b')).toBe("nullif(array_join(CAST(`a b` AS ARRAY<STRING>), '|'), '')");
  expect(parquet.instant('t', 'UTC')).toBe('unix_micros(CAST(`t` AS TIMESTAMP))');
  expect(parquet.instant('n', 'UTC')).toBeUndefined();
});

test('files keep the name that the user knows them by, whoever lists them', async () => {
  const asked: string[] = [];
  const globs: string[] = [];
  const list = async (path: string, glob?: string) => {
    asked.push(path);
    globs.push(String(glob));
    return path.includes('nothing') ? [] : [{ path: path.replace('*', '1'), bytes: 5, modifiedMs: 7 }];
  };
  const files = await findSparkFiles(
    { list },
    'log',
    ['a.csv', '/data/a.csv', 's3a://b/*.csv', '/other/c.csv'],
    '/data',
  );
  expect(asked).toEqual(['file:/data/a.csv', 'file:/data/a.csv', 's3a://b/*.csv', 'file:/other/c.csv']);
  expect(files.map(({ shownPath }) => shownPath)).toEqual(['a.csv', 's3a://b/1.csv', '/other/c.csv']);
  await expect(findSparkFiles({ list }, 'log', ['s3a://b/nothing'], '/data')).rejects.toThrow(
    'Cannot read the table `log`: Spark finds no file s3a://b/nothing',
  );
  await findSparkFiles({ list }, 'log', ['[ab]*.csv'], '/data/{x}[1] \\*?');
  expect(asked.at(-1)).toBe('file:/data/{x}[1] \\*?/[ab]*.csv');
  expect(globs.at(-1)).toBe(String.raw`file:/data/\{x\}\[1\] \\\*\?/[ab]*.csv`);
});
