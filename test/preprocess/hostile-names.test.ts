/** Whatever columns, files and values are called, they reach DuckDB as names and texts, never as SQL, globs or paths. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { createRandom } from '../../src/common/random.js';
import { parseConfig } from '../../src/config/load.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { makeFolder } from './read/reading.js';

const HOSTILE = [
  `"; COPY (SELECT 1) TO 'escaped'; --`,
  `'; DROP TABLE input_0; --`,
  `c0, (SELECT 1) AS x`,
  '\\',
  `\\'`,
  '$1',
  '*',
  '[a-z]?',
  '../escaped',
  '/*',
  '{a: 1}',
  'a\nb',
  'COLUMNS(*)',
  'rowid',
  'verdict',
  'time_us',
  't0',
  '%s',
  '商品',
  'constructor',
  ' ',
];

const COLUMNS = [
  'user',
  'item',
  'time',
  'behavior',
  'shop',
  'brand',
  'label',
  'page',
  'tone',
  'score',
  'request',
] as const;
type Column = (typeof COLUMNS)[number];

const random = createRandom('hostile');
const events = Array.from({ length: 120 }, (_, at) => ({
  user: `u${random.integer(6)}`,
  item: `i${random.integer(9)}`,
  time: 1511544000 + at * 3600,
  behavior: ['click', 'buy'][random.integer(2)]!,
  shop: `s${random.integer(3)}`,
}));
const samples = Array.from({ length: 60 }, (_, at) => ({
  request: `r${at}`,
  user: `u${random.integer(6)}`,
  item: `i${random.integer(9)}`,
  time: 1511600000 + at * 5000,
  label: random.integer(2),
  page: ['a', 'b'][random.integer(2)]!,
  tone: ['low', 'high'][random.integer(2)]!,
  score: random.integer(50) / 10,
}));

const cell = (value: unknown) => `"${String(value).replaceAll('"', '""')}"`;

/** The prepared data of the shop, whose columns are called by `name`, its files by `file`; and what else lies in the folder. */
async function prepareWith(
  name: (column: Column) => string,
  file: (table: string) => string,
  value = (text: string) => text,
) {
  const table = (columns: readonly Column[], rows: readonly object[]) =>
    [
      columns.map((column) => cell(name(column))).join(','),
      ...rows.map((row) =>
        columns.map((column) => cell(value(String(row[column as keyof typeof row])))).join(','),
      ),
    ].join('\n');
  const items = Array.from({ length: 9 }, (_, at) => ({ item: `i${at}`, brand: `b${at % 2}` }));
  const folder = await makeFolder({
    [file('log')]: table(['user', 'item', 'time', 'behavior', 'shop'], events),
    [file('items')]: table(['item', 'brand'], items),
    [file('samples')]: table(['request', 'user', 'item', 'time', 'label', 'page', 'tone', 'score'], samples),
  });
  const before = await readdir(folder, { recursive: true });
  const time = { column: name('time'), format: 'seconds' };
  const source = {
    files: file('samples'),
    request: name('request'),
    user: name('user'),
    candidate: name('item'),
    label: name('label'),
    time,
  };
  const config = {
    name: 'hostile',
    data: {
      maxRejectRatio: 0,
      log: {
        files: file('log'),
        user: name('user'),
        item: name('item'),
        time,
        keep: Object.fromEntries([[name('behavior'), [value('click')]]]),
      },
      items: { files: file('items'), item: name('item') },
    },
    features: {
      item: {
        item: { size: 4 },
        brand: { size: 4, column: name('brand') },
        shop: { size: 4, column: name('shop'), from: 'log' },
      },
      properties: { behavior: { column: name('behavior') } },
      user: { page: { from: 'request', column: name('page') } },
    },
    split: { evaluationLastDays: 1 },
    tasks: {
      ctr: {
        kind: 'binary',
        samples: {
          ...source,
          weightBy: Object.fromEntries([[name('tone'), Object.fromEntries([[value('high'), 2]])]]),
          keep: [name('page')],
        },
      },
      order: { kind: 'rank', samples: { ...source, features: [name('score')] } },
    },
    preprocess: { threads: 1 },
  };
  const parsed = parseConfig(JSON.stringify(config), join(folder, 'config.yaml'));
  const prepared = join(folder, 'prepared', 'hostile');
  const { manifest } = await preprocess({
    config: parsed,
    folder: prepared,
    force: false,
    context: silentContext,
  });
  const after = (await readdir(folder, { recursive: true })).filter(
    (path) => path.split('/')[0] !== 'prepared',
  );
  expect(after.sort()).toEqual(before.sort());
  expect((await readdir(join(folder, 'prepared'))).sort()).toEqual(['hostile']);
  // What the kept columns are called is part of the samples' file.
  const { ctr, order, ...others } = Object.fromEntries(
    Object.entries(manifest.files)
      .filter(([path]) => !/samples\.parquet$/.test(path))
      .map(([path, { sha256 }]) => [path, sha256]),
  );
  return { files: others, counts: manifest.tasks.ctr!.counts, users: manifest.users, items: manifest.items };
}

test('the names of columns change nothing of what is prepared', async () => {
  const plain = await prepareWith(
    (column) => column,
    (table) => `${table}.csv`,
  );
  expect([plain.users, plain.items]).toEqual([6, expect.any(Number)]);
  for (let shift = 0; shift < HOSTILE.length; shift += 4) {
    const name = (column: Column) => HOSTILE[(COLUMNS.indexOf(column) + shift) % HOSTILE.length]!;
    expect(await prepareWith(name, (table) => `${table}.csv`)).toEqual(plain);
  }
});

test('a file is what its name says, where there is one of that name, and a glob only otherwise', async () => {
  const plain = await prepareWith(
    (column) => column,
    (table) => `${table}.csv`,
  );
  for (const odd of [`x'; --`, `x"`, 'x[ab]*?', 'x{a,b}', 'x\\', 'x\ny', '商品', ' x ', 'a'.repeat(200)]) {
    expect(
      await prepareWith(
        (column) => column,
        (table) => `${odd}/${table}.csv`,
      ),
    ).toEqual(plain);
  }
});

test('values come through as they are', async () => {
  const plain = await prepareWith(
    (column) => column,
    (table) => `${table}.csv`,
  );
  for (const odd of HOSTILE.filter((text) => text.trim() !== '')) {
    const value = (text: string) => (/^[a-z]/.test(text) ? `${text}${odd}` : text);
    const { users, items } = await prepareWith(
      (column) => column,
      (table) => `${table}.csv`,
      value,
    );
    expect([odd, users, items]).toEqual([odd, plain.users, plain.items]);
  }
});

test('a config can name no file outside of the folders that it is given', () => {
  for (const name of [
    '../escaped',
    '/escaped',
    '..',
    'a/b',
    'a\u0000',
    'a'.repeat(101),
    '',
    '.hidden',
    'constructor',
  ]) {
    const config = (change: object) => () => parseConfig(JSON.stringify({ ...base(), ...change }), 'c.yaml');
    const base = () => ({
      name: 'x',
      data: { log: { files: 'log.csv' } },
      features: { item: { item: { size: 1 } } },
      split: { evaluationLastDays: 1 },
      tasks: {},
    });
    expect(config({})).not.toThrow();
    const refused = /^Cannot use the config c\.yaml: [\s\S]*expected a name/;
    if (name !== 'constructor') {
      expect(config({ name })).toThrow(refused);
      expect(config({ run: { name } })).toThrow(refused);
    }
    expect(config({ tasks: { [name]: { kind: 'binary' } } })).toThrow(refused);
    expect(config({ features: { item: { item: { size: 1 }, [name]: { size: 1 } } } })).toThrow(refused);
    expect(config({ features: { item: { item: { size: 1 } }, properties: { [name]: {} } } })).toThrow(
      refused,
    );
    expect(
      config({ features: { item: { item: { size: 1 } }, user: { [name]: { from: 'lastEvent' } } } }),
    ).toThrow(refused);
    expect(config({ entities: { [name]: { fields: {} } } })).toThrow(refused);
  }
});
