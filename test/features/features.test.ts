import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase, rowsOf } from '../../src/common/database.js';
import { createRandom } from '../../src/common/random.js';
import { quoteLiteral } from '../../src/common/sql.js';
import { fieldIndex, fieldIndexSql } from '../../src/features/field-index.js';
import { hash32, hash32Sql } from '../../src/features/hash32.js';
import { localSeconds, localSecondsSql, zoneOffsets } from '../../src/features/local-time.js';
import { normalisedSql, normaliseNumber } from '../../src/features/normalise-number.js';
import { propertyCode, propertyIndex, propertyStrides } from '../../src/features/property-code.js';
import { tokeniser, tokensSql } from '../../src/features/query-tokens.js';
import { readNumber, readNumberSql } from '../../src/features/read-number.js';
import { splitValues } from '../../src/features/split-values.js';
import { type TimeField, timeFieldSql, timeFieldValue } from '../../src/features/time-fields.js';

/** SQL and code must encode alike: preprocessing uses the one, serving the other. */
let database: Database;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-features-'));
  database = await openDatabase(folder, { memoryLimit: '500MB' });
});
afterAll(() => database.close());

const TEXTS = ['', 'a', '商品7', "it's", 'ünï', '"q"', 'x'.repeat(300), '266079.0', ' '];

async function column<T>(sql: string): Promise<T[]> {
  return (await rowsOf<[T]>(database.connection, sql)).map(([value]) => value);
}

const values = (texts: readonly string[]) =>
  texts.map((text, at) => `(${at}, ${quoteLiteral(text)})`).join(', ');

test('hash32 is the same number in SQL and in code', async () => {
  const got = await column<bigint>(
    `SELECT ${hash32Sql('x')} FROM (VALUES ${values(TEXTS)}) v(i, x) ORDER BY i`,
  );
  expect(got.map(Number)).toEqual(TEXTS.map(hash32));
  // md5('a') = 0cc175b9c0f1b6a831c399e269772661
  expect(hash32('a')).toBe(0x0cc175b9);
});

test('the row of a value is the same in SQL and in code', async () => {
  const known = new Map([
    ['a', 7],
    ['商品7', 8],
  ]);
  const lookUp = `CASE x WHEN 'a' THEN 7 WHEN '商品7' THEN 8 END`;
  const sql = fieldIndexSql("'shop''s'", "nullif(x, '')", lookUp, 5);
  const got = await column<number>(`SELECT ${sql} FROM (VALUES ${values(TEXTS)}) v(i, x) ORDER BY i`);
  expect(got).toEqual(TEXTS.map((text) => fieldIndex("shop's", text, known, 5)));
  expect(fieldIndex('shop', null, known, 5)).toBe(0);
  expect(fieldIndex('shop', 'a', known, 5)).toBe(7);
  expect(new Set(TEXTS.slice(3).map((text) => fieldIndex('shop', text, known, 5))).size).toBeGreaterThan(1);
});

test.each(['UTC', 'Asia/Shanghai', 'America/New_York', 'Australia/Lord_Howe'])(
  'local times and time fields in %s are those of the calendar, in SQL and in code',
  async (timeZone) => {
    const random = createRandom('times', timeZone);
    const first = Date.UTC(2016, 0, 1) / 1000;
    const last = Date.UTC(2018, 0, 1) / 1000;
    const moments = Array.from(
      { length: 400 },
      () => BigInt(first + random.integer(last - first)) * 1_000_000n + BigInt(random.integer(1_000_000)),
    );
    const offsets = zoneOffsets(timeZone, first, last);
    const list = moments.map((us, at) => `(${at}, ${us}::BIGINT)`).join(', ');
    const from = `FROM (VALUES ${list}) v(i, us) ORDER BY i`;
    const local = localSecondsSql('us', offsets);
    const seconds = await column<bigint>(`SELECT ${local} ${from}`);
    const inCode = moments.map((us) => localSeconds(us, offsets));
    expect(seconds.map(Number)).toEqual(inCode);
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'long',
      hour: 'numeric',
    });
    const calendar = moments.map((us) => {
      const parts = Object.fromEntries(
        format.formatToParts(Number(us / 1000n)).map(({ type, value }) => [type, value]),
      );
      return { hour: Number(parts.hour), weekday: parts.weekday!.toLowerCase() };
    });
    const expected: Record<TimeField, (at: (typeof calendar)[number]) => string> = {
      hour: ({ hour }) => `${hour}`,
      partOfDay: ({ hour }) => ['night', 'morning', 'afternoon', 'evening'][Math.floor(hour / 6)]!,
      halfOfDay: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
      dayOfWeek: ({ weekday }) => weekday,
      weekend: ({ weekday }) => (weekday.startsWith('s') ? 'weekend' : 'weekday'),
    };
    for (const [field, of] of Object.entries(expected) as [
      TimeField,
      (at: (typeof calendar)[number]) => string,
    ][]) {
      expect(
        inCode.map((at) => timeFieldValue(field, at)),
        field,
      ).toEqual(calendar.map(of));
      expect(await column<string>(`SELECT ${timeFieldSql(field, local)} ${from}`), field).toEqual(
        calendar.map(of),
      );
    }
  },
);

test('property codes are unique and name their rows, and too many combinations are refused by name', () => {
  const fields = [
    { name: 'behavior', rows: 6 },
    { name: 'scenario', rows: 5 },
    { name: 'hour', rows: 26 },
  ];
  const strides = propertyStrides(fields);
  const codes = new Set<number>();
  for (let a = 0; a < 6; a++)
    for (let b = 0; b < 5; b++)
      for (let c = 0; c < 26; c++) {
        const code = propertyCode([a, b, c], strides);
        codes.add(code);
        const indexes = fields.map(({ rows }, at) => propertyIndex(code, { rows, stride: strides[at]! }));
        expect(indexes).toEqual([a, b, c]);
      }
  expect(codes.size).toBe(6 * 5 * 26);
  expect(Math.max(...codes)).toBe(6 * 5 * 26 - 1);
  expect(() => propertyStrides([...fields, { name: 'page', rows: 90 }])).toThrow(
    /at most 65536 combinations, got behavior 6 x scenario 5 x hour 26 x page 90 = 70200/,
  );
});

test.each(['whitespace', 'characters', { pattern: '[a-z\\s]+|[0-9]+' }, { pattern: '\\S+' }] as const)(
  'the words of a text are the same in SQL and in code (%j)',
  async (tokens) => {
    const texts = [
      ...[
        'Red  Shoes',
        '红色 鞋子',
        'ΟΔΟΣ Σ',
        'İstanbul I',
        'e\u0301 \u00e9',
        'a\u00a0b\u3000c\u000bd',
        'ﬁ ẞ ǅ',
        '',
        ' ',
        "x'y",
      ],
      ...['50% off: 3 für 2', 'Ａ１', '😀 𐐀𐐁'],
    ];
    const sql = `list_filter(${tokensSql('x', tokens)}, w -> w <> '')`;
    const got = await column<{ items: string[] }>(
      `SELECT ${sql} FROM (VALUES ${values(texts)}) v(i, x) ORDER BY i`,
    );
    const inCode = tokeniser(tokens);
    expect(got.map(({ items }) => [...items])).toEqual(texts.map(inCode));
  },
);

test('a character is small, and white space, in SQL where it is in code', async () => {
  const codes = Array.from({ length: 0x1_10_00 }, (_, code) => code).filter(
    (code) => code > 0 && (code < 0xd800 || code > 0xdfff),
  );
  const inCode = tokeniser('characters');
  const words = await column<{ items: string[] }>(
    `SELECT ${tokensSql('chr(code)', 'characters')} FROM (SELECT unnest([${codes.join(', ')}]) AS code)`,
  );
  const differing = codes.filter(
    (code, at) => inCode(String.fromCodePoint(code)).join() !== [...words[at]!.items].join(),
  );
  // Letters of versions of Unicode that one of the two does not know yet.
  expect(differing.length).toBeLessThan(150);
  expect(differing.filter((code) => code < 0x10d0)).toEqual([]);
});

test('numbers are normalised alike in SQL and in code', async () => {
  const unit = { mean: 1.25, deviation: 0.3 };
  const numbers = [0, 1, -1, 1.25, 4.24, 4.26, 1e9, -1e9, 1e-300];
  const list = numbers.map((value, at) => `(${at}, ${value}::DOUBLE)`).join(', ');
  const all = `FROM (VALUES ${list}, (${numbers.length}, NULL)) v(i, x) ORDER BY i`;
  expect(await column<number>(`SELECT ${normalisedSql('x', unit)} ${all}`)).toEqual(
    [...numbers, null].map((value) => normaliseNumber(value, unit)),
  );
  const log = normalisedSql('CASE WHEN x > 0 THEN ln(x) END', unit);
  expect(await column<number>(`SELECT ${log} ${all}`)).toEqual(
    [...numbers, null].map((value) => expect.closeTo(normaliseNumber(value, unit, 'log'), 12)),
  );
});

test('values of a cell: each once, in their order, without empty ones', () => {
  expect(splitValues('a|b||a|c|', '|')).toEqual(['a', 'b', 'c']);
  expect(splitValues(null, '|')).toEqual([]);
});

test('a pattern that only RE2 understands is refused', () => {
  expect(() => tokeniser({ pattern: '(?P<word>[a-z]+)' })).toThrow(
    /features.query.tokens.pattern must be a regular expression of RE2 and of JavaScript, got \(\?P<word>/,
  );
});

test('numbers are read alike', async () => {
  const texts = [
    '5',
    '-5.25',
    '+7',
    '.5',
    '5.',
    '1e3',
    '1E-3',
    '-.5e+2',
    ' 5',
    '5 ',
    '\t5\n',
    '007',
    '-0',
    'true',
    'FALSE',
    'True',
  ];
  const none = [
    '',
    ' ',
    '.',
    '-',
    'e5',
    '5e',
    '1_000',
    '1,5',
    '1 000',
    '0x10',
    '0b1',
    '0o7',
    'inf',
    '-Infinity',
    'NaN',
    '1e999',
    '5d',
  ];
  const more = [
    '５',
    '--5',
    '5f',
    '1e5.5',
    '$5',
    'null',
    'yes',
    '9'.repeat(40),
    '0.1',
    '123456789.123456789',
    '4.9e-324',
  ];
  const all = [...texts, ...none, ...more];
  const rows = all.map((text, at) => `(${at}, ${quoteLiteral(text)})`);
  const read = await column<number | null>(
    `SELECT ${readNumberSql('t')} FROM (VALUES ${rows.join(', ')}) AS texts(place, t) ORDER BY place`,
  );
  for (const [at, text] of all.entries()) expect([text, readNumber(text)]).toEqual([text, read[at]]);
  expect(texts.filter((text) => readNumber(text) === null)).toEqual([]);
  expect(none.filter((text) => readNumber(text) !== null)).toEqual([]);
});
