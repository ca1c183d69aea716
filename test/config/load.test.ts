import { mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { type LoadOptions, loadConfig } from '../../src/config/load.js';

const MINIMAL = `name: demo
data:
  log:
    files: events.csv
features:
  item:
    item: { size: 8 }
split: { evaluationFrom: 2016-10-20 }
tasks:
  ctr:
    kind: binary
    samples: { files: samples.csv }
`;

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dupn-config-')));
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** The lines under the heading of the error, with the folder taken out of them. */
async function problemsOf(file: string, options?: LoadOptions): Promise<string[]> {
  const error = await loadConfig(file, options).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  const [, ...lines] = (error as UserError).message.split('\n');
  return lines.map((line) => line.trim().replaceAll(`${folder}/`, ''));
}

const problemsIn = async (text: string, options?: LoadOptions) =>
  problemsOf(await write('c.yaml', text), options);

describe('a config that holds', () => {
  it('gets the defaults that the schema has and those that depend on other keys', async () => {
    const config = await loadConfig(
      await write(
        'c.yaml',
        `${MINIMAL}model: { units: 7 }\n`
          .replace(
            'files: events.csv',
            'files: events.csv\n    item: sku\n    time: { columns: [day, hour] }',
          )
          .replace('item: { size: 8 }', 'item: { size: 8 }\n    tags: { size: 4, separator: "|" }')
          .replace('data:', 'data:\n  timeZone: Europe/Berlin\n  items: { files: items.parquet }'),
      ),
    );
    expect(config.run).toEqual({ folder: 'runs', name: 'demo' });
    expect(config.data.root).toBe(folder);
    expect(config.data.log.files).toEqual(['events.csv']);
    expect(config.data.log.time).toEqual({
      columns: ['day', 'hour'],
      format: 'auto',
      timeZone: 'Europe/Berlin',
    });
    expect(config.features.item.item).toMatchObject({ column: 'sku', from: 'log', minCount: 1 });
    expect(config.features.item.item).not.toHaveProperty('pooling');
    expect(config.features.item.tags).toMatchObject({ column: 'tags', from: 'items', pooling: 'mean' });
    expect(config.tasks.ctr?.samples).toMatchObject({
      candidate: 'sku',
      user: 'user_id',
      time: { columns: ['time'], format: 'auto', timeZone: 'Europe/Berlin' },
    });
    expect(config.split.validationUsers).toBe(0.05);
    expect(config.model).toMatchObject({ units: 7, maxEvents: 100 });
  });

  it('is frozen to its depth', async () => {
    const config = await loadConfig(await write('c.yaml', MINIMAL));
    expect(() => {
      (config.model as { units: number }).units = 1;
    }).toThrow(TypeError);
    expect(() => (config.data.log.files as string[]).push('more.csv')).toThrow(TypeError);
  });

  it('has no share of validation users where the last days are the validation part', async () => {
    const file = await write('c.yaml', MINIMAL);
    const config = await loadConfig(file, { set: ['split.validationLastDays=1'] });
    expect(config.split.validationUsers).toBeUndefined();
  });

  it('keeps the order of fields', async () => {
    const text = MINIMAL.replace(
      'item: { size: 8 }',
      'shop: { size: 1 }\n    item: { size: 1 }\n    brand: { size: 1 }',
    );
    const config = await loadConfig(await write('c.yaml', text));
    expect(Object.keys(config.features.item)).toEqual(['shop', 'item', 'brand']);
  });

  it('expands an alias', async () => {
    const text = MINIMAL.replace('item: { size: 8 }', 'item: &eight { size: 8 }\n    shop: *eight');
    const config = await loadConfig(await write('c.yaml', text));
    expect(config.features.item.shop?.size).toBe(8);
  });
});

describe('model.preset', () => {
  const modelOf = async (text: string) => {
    const { latest, matches } = (await loadConfig(await write('c.yaml', `${MINIMAL}${text}`))).model;
    return { latest, matches };
  };

  it('is the model of the paper by default', async () => {
    const paper = { latest: [], matches: false };
    expect(await modelOf('')).toEqual(paper);
    expect(await modelOf('model: { preset: paper }')).toEqual(paper);
  });

  it('gives what is not set, and what is set wins', async () => {
    expect(await modelOf('model: { preset: direct }')).toEqual({ latest: [1, 100], matches: true });
    expect(await modelOf('model: { preset: direct, latest: [] }')).toEqual({ latest: [], matches: true });
    expect(await modelOf('model: { matches: true }')).toEqual({ latest: [], matches: true });
  });
});

describe('problems', () => {
  it('are all reported at once, each with line and column, in reading order', async () => {
    const text = `nme: demo
name: demo
data:
  log:
    files: 3
    keep: { label: [1] }
features:
  item:
    item: { size: large }
  properties:
    2nd: {}
split: { evaluationFrom: 2016-02-30 }
tasks:
  ctr: { kind: binry }
model:
  encoder: lsmt
  units: 0
train:
  learningrat: .1
learningRate: 1
`;
    expect(await problemsIn(text)).toEqual([
      'c.yaml:1:1 nme: unknown key, did you mean `name`?',
      'c.yaml:5:12 data.log.files: expected a text or a list, got 3',
      'c.yaml:6:21 data.log.keep.label.0: expected a text, got 1; quote it: "1"',
      'c.yaml:9:19 features.item.item.size: expected a number, got "large"',
      'c.yaml:11:5 features.properties.2nd: expected a name of at most 100 letters, digits, dashes and underscores that starts with a letter, got "2nd"',
      'c.yaml:12:26 split.evaluationFrom: expected a date (2016-10-20) or a date and time (2016-10-20 08:00:00), got "2016-02-30"',
      'c.yaml:14:16 tasks.ctr.kind: expected one of binary, rank, multiclass, got "binry", did you mean `binary`?',
      'c.yaml:16:12 model.encoder: expected one of lstm, mean, got "lsmt", did you mean `lstm`?',
      'c.yaml:17:10 model.units: expected a number above 0, got 0',
      'c.yaml:19:3 train.learningrat: unknown key, did you mean `learningRate`?',
      'c.yaml:20:1 learningRate: unknown key, did you mean `model.word2vec.learningRate` or `train.learningRate`?',
    ]);
  });

  it('of the schema and of the rules between keys come together', async () => {
    const text = `${MINIMAL}modle: {}\n`.replace(
      'evaluationFrom: 2016-10-20',
      'evaluationFrom: 2016-10-20, evaluationTo: 2016-10-01',
    );
    expect(await problemsIn(text)).toEqual([
      'c.yaml:8:52 split.evaluationTo: expected a date after split.evaluationFrom (2016-10-20), got 2016-10-01',
      'c.yaml:13:1 modle: unknown key, did you mean `model`?',
    ]);
  });

  it('of a value do not bring up the rules that read it', async () => {
    const text = MINIMAL.replace('evaluationFrom: 2016-10-20', 'evaluationFrom: yesterday');
    expect(await problemsIn(text)).toHaveLength(1);
  });

  it('of what is missing stand where it should have been', async () => {
    expect(await problemsIn(MINIMAL.replace('    files: events.csv\n', '    user: u\n'))).toEqual([
      'c.yaml:3:3 data.log.files: expected a text or a list, got nothing',
    ]);
  });

  it('inside one form of a value that has two forms name what is inside', async () => {
    const text = MINIMAL.replace('files: events.csv', 'files: [events.csv, 7]\n    time: { colum: t }');
    expect(await problemsIn(text)).toEqual([
      'c.yaml:4:25 data.log.files.1: expected a text, got 7; quote it: "7"',
      'c.yaml:5:5 data.log.time: expected one of column and columns, got a map',
      'c.yaml:5:13 data.log.time.colum: unknown key, did you mean `column`?',
    ]);
  });

  it.each([
    ['', 'c.yaml:1:1: expected a map of keys, got an empty file'],
    ['# nothing\n', 'c.yaml:1:1: expected a map of keys, got an empty file'],
    ['- a\n', 'c.yaml:1:1: expected a map of keys, got ["a"]'],
    ['hello\n', 'c.yaml:1:1: expected a map of keys, got "hello"'],
    ['name: a\nname: b\n', 'c.yaml:2:1: a key stands twice in one map'],
    ['name: a\n__proto__: { x: 1 }\n', 'c.yaml:2:1: `__proto__` cannot be a key'],
    ['a: &a { b: *a }\n', 'c.yaml:1:7: nested too deeply'],
  ])('of the file as a whole: %j', async (text, problem) => {
    expect(await problemsIn(text)).toEqual([problem]);
  });

  it('of the YAML itself have their position', async () => {
    const [problem, ...others] = await problemsIn('name: demo\ndata: [1, 2\n');
    expect(problem).toMatch(/^c\.yaml:\d:\d+: not valid YAML: /);
    expect(others).toEqual([]);
  });

  it('of aliases that multiply are found without multiplying them', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    const [problem] = await problemsIn(lines.join('\n'));
    expect(problem).toContain('too many values, or aliases that multiply them');
  });

  it('of absurd depth are found without running out of stack', async () => {
    const problems = await problemsIn(`name: ${'['.repeat(20_000)}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/nested too deeply|not valid YAML/);
  });

  it.each([
    [
      'a file that is not there',
      'missing.yaml',
      /^Cannot read the config .*missing\.yaml: there is no such file$/,
    ],
    ['a folder', '.', /^Cannot read the config .*: it is a folder$/],
  ])('of %s', async (_, name, message) => {
    await expect(loadConfig(join(folder, name))).rejects.toThrow(message);
  });

  it('of a log given by mistake are found without reading it', async () => {
    const file = await write('log.csv', 'x'.repeat(1_000_001));
    await expect(loadConfig(file)).rejects.toThrow('at most 1000000 bytes, got a larger file');
  });
});

describe('extends', () => {
  it('merges maps, replaces lists and scalars, and removes with null', async () => {
    await write('base/base.yaml', `${MINIMAL}train: { epochs: 3, seed: 9 }\n`);
    const file = await write(
      'mine.yaml',
      `extends: base/base.yaml
data: { log: { files: [a.csv, b.csv] } }
split: { evaluationFrom: null, evaluationLastDays: 2 }
train: { epochs: 5 }
tasks:
  ctr: { weight: 2 }
  buy: { kind: binary, samples: { files: buy.csv } }
`,
    );
    const config = await loadConfig(file);
    expect(config.train).toMatchObject({ epochs: 5, seed: 9 });
    expect(config.data.log.files).toEqual(['a.csv', 'b.csv']);
    expect(config.split).toMatchObject({ evaluationLastDays: 2 });
    expect(config.split.evaluationFrom).toBeUndefined();
    expect(Object.keys(config.tasks)).toEqual(['ctr', 'buy']);
    expect(config.tasks.ctr).toMatchObject({ weight: 2, samples: { files: ['samples.csv'] } });
    expect(config).not.toHaveProperty('extends');
  });

  it('follows a chain, each file relative to the one that names it', async () => {
    await write('a/base.yaml', MINIMAL);
    await write('a/b/middle.yaml', 'extends: ../base.yaml\nmodel: { units: 5, userUnits: 6 }\n');
    const file = await write('top.yaml', 'extends: a/b/middle.yaml\nmodel: { units: 4 }\n');
    expect((await loadConfig(file)).model).toMatchObject({ units: 4, userUnits: 6 });
  });

  it('leaves data.root relative to the file that names it', async () => {
    await write('a/base.yaml', MINIMAL.replace('data:', 'data:\n  root: ../tables'));
    const file = await write('b/top.yaml', 'extends: ../a/base.yaml\ndata: { maxRejectRatio: 0.5 }\n');
    expect((await loadConfig(file)).data.root).toBe(join(folder, 'tables'));
  });

  it('leaves files that no root goes before relative to the file that names them', async () => {
    await write('a/base.yaml', MINIMAL);
    const file = await write('b/top.yaml', 'extends: ../a/base.yaml\ndata: { maxRejectRatio: 0.5 }\n');
    expect((await loadConfig(file)).data.root).toBe(join(folder, 'a'));
    const set = ['data.log.files=x.csv'];
    expect((await loadConfig(file, { set })).data.root).toBe(join(folder, 'b'));
  });

  it('names the file that a problem is in', async () => {
    await write('base.yaml', `${MINIMAL}model:\n  unit: 5\n`);
    const file = await write('top.yaml', 'extends: base.yaml\ntrain:\n  epochs: none\n');
    expect(await problemsOf(file)).toEqual([
      'top.yaml:3:11 train.epochs: expected a number, got "none"',
      'base.yaml:14:3 model.unit: unknown key, did you mean `units`?',
    ]);
  });

  it('in a circle is an error that shows the circle', async () => {
    await write('a.yaml', 'extends: b.yaml\n');
    await write('b.yaml', 'extends: c.yaml\n');
    await symlink(join(folder, 'a.yaml'), join(folder, 'c.yaml'));
    const [problem] = await problemsOf(join(folder, 'a.yaml'));
    expect(problem).toMatch(
      /^b\.yaml:1:10 extends: expected files that do not extend each other in a circle, got /,
    );
    expect(problem).toMatch(/a\.yaml -> .*b\.yaml -> .*c\.yaml$/);
  });

  it.each([
    ['extends: 3\n', 'c.yaml:1:10 extends: expected the path of another YAML, got 3'],
    [
      'extends: gone.yaml\n',
      'c.yaml:1:10 extends: expected a YAML that can be read: Cannot read the config gone.yaml: there is no such file',
    ],
  ])('of what is no file: %j', async (text, problem) => {
    expect(await problemsIn(text)).toEqual([problem]);
  });
});

describe('--set', () => {
  it.each([
    ['train.epochs=3', (c) => c.train.epochs, 3],
    ['train.epochs = 3 ', (c) => c.train.epochs, 3],
    ['run.name=other', (c) => c.run.name, 'other'],
    ['run.name="12"', (c) => c.run.name, '12'],
    ['tasks.ctr.samples.keep=[a, b]', (c) => c.tasks.ctr?.samples.keep, ['a', 'b']],
    ['model={units: 3}', (c) => c.model.units, 3],
    ['data.log.time.column=a: b # c', (c) => c.data.log.time.columns, ['a: b # c']],
    ['data.log.deduplicate=true', (c) => c.data.log.deduplicate, true],
    ['data.log.time={column: t, format: "%Y=%m"}', (c) => c.data.log.time.format, '%Y=%m'],
    ['features.item.shop.size=2', (c) => c.features.item.shop?.size, 2],
  ] as [string, (config: Awaited<ReturnType<typeof loadConfig>>) => unknown, unknown][])(
    '%s',
    async (set, read, expected) => {
      expect(read(await loadConfig(await write('c.yaml', MINIMAL), { set: [set] }))).toEqual(expected);
    },
  );

  it('reads a strptime pattern as the text that it is', async () => {
    const text = MINIMAL.replace('files: events.csv', 'files: events.csv\n    time: { column: t }');
    const set = ['data.log.time.format=%Y-%m-%d %H:%M'];
    expect((await loadConfig(await write('c.yaml', text), { set })).data.log.time.format).toBe(
      '%Y-%m-%d %H:%M',
    );
  });

  it('replaces a map as a whole, and null removes a key', async () => {
    const file = await write('c.yaml', `${MINIMAL}train: { epochs: 3, seed: 9 }\n`);
    const replaced = await loadConfig(file, { set: ['train={epochs: 4}'] });
    expect(replaced.train).toMatchObject({ epochs: 4, seed: 1 });
    const removed = await loadConfig(file, { set: ['train.seed=null'] });
    expect(removed.train).toMatchObject({ epochs: 3, seed: 1 });
  });

  it('gives the last of several the last word', async () => {
    const file = await write('c.yaml', MINIMAL);
    expect((await loadConfig(file, { set: ['train.epochs=3', 'train.epochs=4'] })).train.epochs).toBe(4);
  });

  it('names the flag in its problems, beside those of the file', async () => {
    const set = [
      'train.epochs=0.5',
      'modl.units=3',
      'nonsense',
      'train.patience=[1',
      'a..b=1',
      '__proto__.x=1',
    ];
    expect(await problemsIn(`${MINIMAL}nme: x\n`, { set })).toEqual([
      'c.yaml:13:1 nme: unknown key, did you mean `name`?',
      '--set train.epochs=0.5 train.epochs: expected a whole number, got 0.5',
      '--set modl.units=3 modl: unknown key, did you mean `model`?',
      '--set nonsense: expected dotted.key=value',
      '--set train.patience=[1: the value is not valid YAML; quote what is a text',
      '--set a..b=1: expected dotted.key=value',
      '--set __proto__.x=1: expected dotted.key=value',
    ]);
  });
});

describe('DUPN_DATA_ROOT', () => {
  it('wins over the file and not over --set', async () => {
    const file = await write('c.yaml', MINIMAL.replace('data:', 'data:\n  root: tables'));
    const env = { DUPN_DATA_ROOT: '/elsewhere' };
    expect((await loadConfig(file)).data.root).toBe(join(folder, 'tables'));
    expect((await loadConfig(file, { env })).data.root).toBe('/elsewhere');
    expect((await loadConfig(file, { env, set: ['data.root=here'] })).data.root).toBe(resolve('here'));
    expect((await loadConfig(file, { env: { DUPN_DATA_ROOT: '' } })).data.root).toBe(join(folder, 'tables'));
  });
});

describe('a time without a year', () => {
  it('has the year beside its pattern, and no other time has one', async () => {
    const timed = (time: string) =>
      MINIMAL.replace(
        'files: events.csv',
        `files: events.csv
    time: ${time}`,
      );
    const file = await write('c.yaml', timed('{ column: day, format: "%m-%d", year: 2015 }'));
    expect((await loadConfig(file)).data.log.time).toMatchObject({ format: '%m-%d', year: 2015 });
    for (const [time, problem] of [
      [
        '{ column: day, format: "%m-%d" }',
        'format: expected a pattern with a year, or the key `year` beside it, got "%m-%d"',
      ],
      [
        '{ column: day, year: 2015 }',
        'year: expected none, or a format without a year (such as `%m-%d`) beside it, got 2015',
      ],
      [
        '{ column: day, format: "%Y-%m", year: 2015 }',
        'year: expected none, or a format without a year (such as `%m-%d`) beside it, got 2015',
      ],
      ['{ column: day, format: "%%Y %m", year: 15 }', 'year: expected a number at least 1970, got 15'],
    ] as const) {
      expect(await problemsIn(timed(time))).toEqual([
        expect.stringMatching(/^c\.yaml:\d+:\d+ data\.log\.time\./),
      ]);
      expect((await problemsIn(timed(time)))[0]).toContain(problem);
    }
  });
});

describe('a path', () => {
  it.each([
    ['a zero byte', '"a\\0b"', 'a path without a zero byte'],
    ['a part that is too long', 'a'.repeat(256), 'a path of at most 4000 bytes, 255 in each part'],
    ['Chinese signs of too many bytes', '商'.repeat(86), 'a path of at most 4000 bytes, 255 in each part'],
    ['too many parts', 'abcdefg/'.repeat(600), 'a path of at most 4000 bytes, 255 in each part'],
  ])('with %s is refused', async (_, path, problem) => {
    for (const key of ['run.folder', 'preprocess.folder', 'data.root', 'data.log.files']) {
      const [found] = await problemsIn(MINIMAL, { set: [`${key}=${path}`] });
      expect(found).toContain(`${key}: expected ${problem}, got`);
    }
  });
});

it('a key with a line break, or of bytes, takes one line of the message', async () => {
  expect(await problemsIn(`${MINIMAL}"a\\nb": 1\n`)).toEqual([
    expect.stringMatching(/^c\.yaml:\d+:1 a\\nb: unknown key/),
  ]);
  const bytes = await problemsIn(`!!binary C${MINIMAL.trimStart()}`);
  for (const line of bytes) expect(line).toMatch(/^c\.yaml:\d+:\d+.*: ./);
});
