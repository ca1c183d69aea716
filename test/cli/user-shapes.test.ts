/** The shapes in which logs come: each is the same small shop, written in another way, or a shop that lacks something. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preparedPaths } from '../../src/common/prepared.js';
import { createRandom } from '../../src/common/random.js';
import { runMain } from './collect-output.js';

interface EventRow {
  readonly user: string;
  readonly item: string;
  readonly brand: string;
  readonly behavior: string;
  /** Seconds since 1970, each once. */
  readonly time: number;
}

interface SampleRow extends Pick<EventRow, 'user' | 'item' | 'time'> {
  readonly label: number;
}

interface Shop {
  readonly events: readonly EventRow[];
  readonly samples: readonly SampleRow[];
}

/** How a shop is written; by default as plainly as can be. */
interface Writing {
  readonly id?: (id: string) => string;
  /** Of samples, where it differs. */
  readonly sampleId?: (id: string) => string;
  readonly time?: (seconds: number, at: number) => string;
  readonly brand?: (brand: string) => string;
  readonly behavior?: (code: string) => string;
  readonly lineEnd?: string;
  /** Of the log: in another order, or more often. */
  readonly lines?: (lines: readonly string[]) => readonly string[];
  readonly bytes?: (text: string) => Uint8Array;
  /** With a first column of row numbers, whose name is empty. */
  readonly index?: boolean;
}

const START = Date.UTC(2017, 5, 1) / 1000;
const DAY = 86_400;

/** Twelve days of `users` users and `items` items. */
function shop({
  users = 12,
  items = 20,
  events = 500,
  days = 12,
  label = (at: number) => at % 3 === 0,
} = {}): Shop {
  const random = createRandom('shapes');
  const times = Array.from({ length: events }, (_, at) => START + Math.floor((at * days * DAY) / events));
  const user = () => `${1000 + random.integer(users)}`;
  const item = () => random.integer(items);
  return {
    events: times.map((time) => {
      const bought = item();
      return {
        user: user(),
        item: `${5000 + bought}`,
        brand: bought % 4 === 0 ? '' : `b${bought % 4}`,
        behavior: `${[0, 0, 0, 1, 2][random.integer(5)]}`,
        time,
      };
    }),
    samples: Array.from({ length: 240 }, (_, at) => ({
      user: user(),
      item: `${5000 + item()}`,
      time: START + 2 * DAY + Math.floor((at * 10 * DAY) / 240) + 1,
      label: Number(label(at)),
    })),
  };
}

const same = <T>(value: T): T => value;
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const plainTime = (seconds: number) => iso(seconds).slice(0, 19).replace('T', ' ');

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-shapes-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The folder of a shop, written that way. */
async function write({ events, samples }: Shop, writing: Writing = {}): Promise<string> {
  const at = join(folder, `${count++}`);
  await mkdir(at);
  const { id = same, time = plainTime, brand = same, behavior = same, lineEnd = '\n' } = writing;
  const { sampleId = id, lines = same, bytes = (text) => Buffer.from(text), index = false } = writing;
  const save = (name: string, header: string, rows: readonly string[]) => {
    const cells = index ? [`,${header}`, ...rows.map((row, place) => `${place},${row}`)] : [header, ...rows];
    return writeFile(join(at, name), bytes([...cells, ''].join(lineEnd)));
  };
  const event = (e: EventRow, row: number) =>
    [id(e.user), id(e.item), brand(e.brand), behavior(e.behavior), time(e.time, row)].join(',');
  const sample = (s: SampleRow, row: number) =>
    [sampleId(s.user), sampleId(s.item), time(s.time, row), s.label].join(',');
  await save('log.csv', 'user_id,item_id,brand,action_type,time_stamp', lines(events.map(event)));
  await save('shown.csv', 'user_id,item_id,time_stamp,label', samples.map(sample));
  return at;
}

interface Prepared {
  /** Checksum of each file of the prepared data. */
  readonly files: Readonly<Record<string, { readonly sha256: string }>>;
  readonly config: string;
  readonly stderr: string;
}

const run = async (argv: readonly string[]) => {
  const output = await runMain(argv);
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  return output;
};

const settings = (at: string, more: readonly string[] = []) =>
  [
    `preprocess.folder=${at}/prepared`,
    `run.folder=${at}/runs`,
    'model={units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: {item: 8}, maxEvents: 10}',
    'train.epochs=1',
    'eval.bootstrapSamples=5',
    ...more,
  ].flatMap((setting) => ['--set', setting]);

/** What init, validate and preprocess make of a folder that `write` wrote; what is marked is filled in by `more`. */
async function prepare(at: string, more: readonly string[] = []): Promise<Prepared> {
  const config = join(at, 'config.yaml');
  await run(['init', join(at, 'log.csv'), '--samples', join(at, 'shown.csv'), '--out', config]);
  const flags = ['-c', config, ...settings(at, more)];
  await run(['validate', ...flags]);
  const { stderr } = await run(['preprocess', ...flags]);
  const manifest = JSON.parse(await readFile(join(at, 'prepared/log/manifest.json'), 'utf8'));
  return { files: manifest.files, config: await readFile(config, 'utf8'), stderr };
}

const trainAndEvaluate = async (at: string, more: readonly string[] = []) => {
  const flags = ['-c', join(at, 'config.yaml'), ...settings(at, more)];
  await run(['train', ...flags]);
  return run(['eval', ...flags, '--json']);
};

describe('the same shop in another writing is the same prepared data', () => {
  let plain: Prepared['files'];

  beforeAll(async () => {
    const prepared = await prepare(await write(shop()));
    plain = prepared.files;
    expect(prepared.stderr).not.toContain('"level":40');
  });

  const shift = (seconds: number, hours: number, offset: string) =>
    `${iso(seconds + hours * 3600).slice(0, 19)}${offset}`;
  const zones = [
    plainTime,
    (seconds: number) => shift(seconds, 0, 'Z'),
    (seconds: number) => shift(seconds, 8, '+08:00'),
    (seconds: number) => shift(seconds, -5, '-0500'),
    (seconds: number) => shift(seconds, 5.5, '.000+05:30'),
  ];

  const twice = (all: readonly string[]) => all.flatMap((line, at) => (at % 3 === 0 ? [line, line] : [line]));

  it.each<[string, Writing, (readonly string[])?]>([
    ['a byte order mark and CRLF', { lineEnd: '\r\n', bytes: (text) => Buffer.from(`\uFEFF${text}`) }],
    ['times of several zones', { time: (seconds, at) => zones[at % zones.length]!(seconds) }],
    ['seconds as floats', { time: (seconds) => `${seconds}.0` }],
    ['milliseconds', { time: (seconds) => `${seconds}000` }],
    ['events out of order', { lines: (all) => [...all].sort((a, b) => (a.slice(3) < b.slice(3) ? -1 : 1)) }],
    ['events that come twice', { lines: twice }, ['data.log.deduplicate=true']],
    ['an index column without a name', { index: true }],
    ['ids as floats in the log alone', { id: (id) => `${id}.0`, sampleId: (id) => id }],
    ['ids as floats in the samples alone', { id: (id) => id, sampleId: (id) => `${id}.0` }],
    ['ids as floats everywhere', { id: (id) => `${id}.0` }],
  ])('%s', async (_, writing, more) => {
    expect((await prepare(await write(shop(), writing), more)).files).toEqual(plain);
  });

  it('GBK is refused with the command that converts it, and converted it is the same', async () => {
    const names = { behavior: (code: string) => ['点击', '加购', '购买'][Number(code)]! };
    const utf8 = await prepare(await write(shop(), names));
    const gbk = (text: string) =>
      Buffer.concat([...text].map((character) => Buffer.from(GBK[character] ?? [character.charCodeAt(0)])));
    const at = await write(shop(), { ...names, bytes: gbk });
    const refused = await runMain(['init', join(at, 'log.csv'), '--out', join(at, 'config.yaml')]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('iconv -f GB18030 -t UTF-8')]);
    const asIs = await runMain([
      'preprocess',
      '-c',
      join(folder, `${count - 2}`, 'config.yaml'),
      '--set',
      `data.root=${at}`,
    ]);
    expect([asIs.code, asIs.stderr]).toEqual([
      2,
      expect.stringMatching(/log\.csv:2 bad UTF-8[\s\S]*iconv -f GB18030/),
    ]);
    for (const name of ['log.csv', 'shown.csv']) {
      await writeFile(join(at, name), new TextDecoder('gb18030').decode(await readFile(join(at, name))));
    }
    expect((await prepare(at)).files).toEqual(utf8.files);
  });
});

/** The bytes of the characters that the test writes. */
const GBK: Readonly<Record<string, readonly number[]>> = {
  点: [0xb5, 0xe3],
  击: [0xbb, 0xf7],
  加: [0xbc, 0xd3],
  购: [0xb9, 0xba],
  买: [0xc2, 0xf2],
};

describe('days without a year', () => {
  const day = (seconds: number) => new Date(seconds * 1000);
  const [month, date] = [(at: number) => day(at).getUTCMonth() + 1, (at: number) => day(at).getUTCDate()];
  const years = ['data.log.time.year=2017', 'tasks.ctr.samples.time.year=2017'];
  const withoutYear = async (time: (seconds: number) => string) => {
    const at = await write(shop(), { time });
    const config = join(at, 'config.yaml');
    await run(['init', join(at, 'log.csv'), '--samples', join(at, 'shown.csv'), '--out', config]);
    const marked = await runMain(['validate', '-c', config]);
    const problem = /^ {2}\S+config\.yaml:\d+:\d+ \S+time\.year: expected a number, got "TODO"$/gm;
    expect([marked.code, marked.stderr.match(problem)]).toEqual([
      2,
      expect.arrayContaining([expect.anything()]),
    ]);
    await rm(config);
    const flags = ['-c', config, ...settings(at, years)];
    await run(['init', join(at, 'log.csv'), '--samples', join(at, 'shown.csv'), '--out', config]);
    await run(['preprocess', ...flags]);
    return JSON.parse(await readFile(join(at, 'prepared/log/manifest.json'), 'utf8')).files;
  };

  it('are those of the year that the config names, however they are written', async () => {
    const { files } = await prepare(await write(shop(), { time: (seconds) => iso(seconds).slice(0, 10) }));
    for (const time of [
      (at: number) => `${month(at)}-${date(at)}`,
      (at: number) => `${month(at)}/${date(at)}`,
      (at: number) => iso(at).slice(5, 10).replace('-', ''),
      // The zero before the month, lost where it was held as a number.
      (at: number) => `${100 * month(at) + date(at)}`,
    ]) {
      expect([time(START), await withoutYear(time)]).toEqual([time(START), files]);
    }
  });

  it('are never taken for seconds since 1970', async () => {
    const at = await write(shop(), { time: (seconds) => iso(seconds).slice(5, 10).replace('-', '') });
    await run([
      'init',
      join(at, 'log.csv'),
      '--samples',
      join(at, 'shown.csv'),
      '--out',
      join(at, 'config.yaml'),
    ]);
    const auto = ['data.log.time=time_stamp', 'tasks.ctr.samples.time=time_stamp'];
    const { code, stderr } = await runMain([
      'preprocess',
      '-c',
      join(at, 'config.yaml'),
      ...settings(at, auto),
    ]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/holds "0601" \(log\.csv\); set `format: "%m%d"` beside .* its `year`/),
    ]);
  });
});

/** Values of a field, in the order of their table rows. */
async function vocabulary(at: string, group: string, field: string): Promise<readonly string[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const path = join(at, 'prepared/log', preparedPaths.vocabulary(group, field));
  const result = await connection.runAndReadAll(
    `SELECT value FROM read_parquet('${path}') WHERE "index" IS NOT NULL ORDER BY "index"`,
  );
  return result.getRows().map(([value]) => String(value));
}

describe('values', () => {
  it('an empty brand is missing, and a code of 0 is a value', async () => {
    const at = await write(shop());
    await prepare(at);
    expect([...(await vocabulary(at, 'item', 'brand'))].sort()).toEqual(['b1', 'b2', 'b3']);
    expect([...(await vocabulary(at, 'properties', 'behavior'))].sort()).toEqual(['0', '1', '2']);
  });

  it('quoted line ends, quotes, commas and Chinese text come through', async () => {
    const odd = { b1: '"two\nlines"', b2: '"say ""hi"", 中文"', b3: '品牌', '': '' } as Record<
      string,
      string
    >;
    const at = await write(shop(), { brand: (brand) => odd[brand]! });
    await prepare(at);
    expect([...(await vocabulary(at, 'item', 'brand'))].sort()).toEqual([
      'say "hi", 中文',
      'two\nlines',
      '品牌',
    ]);
  });
});

describe('a shop that lacks something, or has too much of it, is trained and measured', () => {
  it('one item only', async () => {
    const at = await write(shop({ items: 1 }));
    await prepare(at);
    const { metrics } = JSON.parse((await trainAndEvaluate(at)).stdout);
    expect(metrics['auc[ctr]']).toBeGreaterThanOrEqual(0);
  });

  it('one user only, and so no validation part', async () => {
    const at = await write(shop({ users: 1 }));
    await prepare(at);
    const { tasks } = JSON.parse((await trainAndEvaluate(at)).stdout);
    expect(tasks.ctr.samples).toBeGreaterThan(0);
  });

  it('all labels equal: what can not be measured is null', async () => {
    const at = await write(shop({ label: () => true }));
    await prepare(at);
    const { metrics } = JSON.parse((await trainAndEvaluate(at)).stdout);
    expect([metrics['auc[ctr]'], metrics['logLoss[ctr]']]).toEqual([null, expect.any(Number)]);
  });

  it('no event on the evaluation day', async () => {
    const { events, samples } = shop();
    const at = await write({ events: events.filter(({ time }) => time < START + 11 * DAY), samples });
    const { stderr } = await prepare(at);
    expect(stderr).not.toContain('no samples for');
    const { tasks } = JSON.parse((await trainAndEvaluate(at)).stdout);
    expect(tasks.ctr.samples).toBeGreaterThan(0);
  });

  it('no request in the evaluation period: said when it is prepared and when it is measured', async () => {
    const at = await write(shop());
    const late = ['split={evaluationFrom: 2017-07-01}'];
    const { stderr } = await prepare(at, late);
    expect(stderr).toContain('ctr has no samples for evaluation');
    const flags = ['-c', join(at, 'config.yaml'), ...settings(at, late)];
    await run(['train', ...flags]);
    const { tasks, metrics, reasons } = JSON.parse((await run(['eval', ...flags, '--json'])).stdout);
    expect([tasks.ctr.samples, metrics['auc[ctr]'], reasons['auc[ctr]']]).toEqual([
      0,
      null,
      'there are no samples',
    ]);
  });

  it('a user with 100,000 events', async () => {
    const at = await write(shop({ users: 1, events: 100_000 }));
    await prepare(at);
    const show = await run([
      'show',
      '-c',
      join(at, 'config.yaml'),
      ...settings(at),
      '--user',
      '1000',
      '--json',
    ]);
    expect(show.stdout).toContain('100000');
    await trainAndEvaluate(at);
  });

  it('ids of requests that no log knows: a warning with both', async () => {
    const at = await write(shop(), { sampleId: (id) => `u${id}` });
    const { stderr } = await prepare(at);
    expect(stderr).toMatch(
      /no request has an event of its user before it: .*such as \\"u1\d+\\", .*such as \\"1\d+\\"/,
    );
  });
});
