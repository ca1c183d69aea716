/** Single rules of docs/labels.md on logs that are small enough to read. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, describe, expect, it } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { UserError } from '../../src/common/errors.js';
import { parseConfig } from '../../src/config/load.js';
import { preprocess } from '../../src/preprocess/preprocess.js';

let folder: string;
let warnings: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-label-cases-'));
  warnings = [];
});

interface Case {
  /** Name of a table -> its text. */
  readonly files: Readonly<Record<string, string>>;
  /** More keys of data.log, of data, of features.item. */
  readonly log?: string;
  readonly data?: string;
  readonly item?: string;
  readonly more?: string;
  readonly split: string;
  /** YAML of the tasks, indented by two. */
  readonly tasks: string;
}

/** The tables are CSV; the log is log.csv. */
async function prepare({ files, log = '', data = '', item = '', more = '', split, tasks }: Case) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const yaml = `
name: cases
data: { root: ${folder}, log: { files: log.csv${log} }${data} }
features: { item: { item: { size: 4 }${item} }, properties: { behavior: {} } }
${more}
split: ${split}
tasks:
${tasks}
`;
  const logger = {
    ...silentContext.logger,
    warn: (_: object, message: string) => {
      warnings.push(message);
    },
  };
  const config = parseConfig(yaml, join(folder, 'cases.yaml'));
  const context = { ...silentContext, logger };
  return preprocess({ config, folder: join(folder, 'out'), force: true, context });
}

async function query(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const samplesOf = (task: string, columns: string) =>
  query(`SELECT ${columns} FROM '${folder}/out/samples/${task}/samples.parquet' s
    JOIN '${folder}/out/requests/requests.parquet' r USING (request) ORDER BY ALL`);

/** Of user u, a click and a purchase on each of ten days; 2020-01-10 is the last one. */
const TEN_DAYS = [
  'user_id,item_id,time,behavior',
  ...Array.from({ length: 10 }, (_, at) => `${at + 1}`.padStart(2, '0')).flatMap((day) => [
    `u,i${day},2020-01-${day} 08:00:00,click`,
    `u,i${day},2020-01-${day} 20:00:00,buy`,
  ]),
  '',
].join('\n');

const uniform = 'negatives: { by: uniform, perPositive: 1 }';
const buyWithin = (within: string, requests: string) =>
  `  buy: { kind: binary, labels: { requests: ${requests}, positives: { behavior: [buy] }, within: ${within}, ${uniform} } }`;

describe('the end of the log', () => {
  it('is that of its last day: a request at the start of that day has its label', async () => {
    const { manifest } = await prepare({
      files: { 'log.csv': TEN_DAYS },
      split: '{ evaluationLastDays: 1 }',
      tasks: buyWithin('1d', 'dayStart'),
    });
    expect(manifest.tasks.buy!.counts.evaluation['1']).toBe(1);
    expect(manifest.rows['samples/buy']!.filteredBy).toEqual({});
    expect(warnings).toEqual([]);
  });

  it('is a local one', async () => {
    const { manifest } = await prepare({
      files: { 'log.csv': TEN_DAYS },
      data: ', timeZone: America/New_York',
      split: '{ evaluationFrom: 2020-01-10, validationUsers: 0.01 }',
      tasks: buyWithin('1d', 'dayStart'),
    });
    expect(manifest.tasks.buy!.counts.evaluation['1']).toBe(1);
  });

  it('is data.log.to where that is given', async () => {
    const positives = async (log: string) => {
      const { manifest } = await prepare({
        files: { 'log.csv': TEN_DAYS },
        log,
        split: '{ evaluationFrom: 2020-01-09, validationUsers: 0.01 }',
        tasks: buyWithin('3h', 'positive'),
      });
      return manifest.tasks.buy!.counts.evaluation['1'];
    };
    expect(await positives(', to: 2020-01-10 22:00')).toBe(1);
    expect(await positives(', to: 2020-01-10 23:00')).toBe(2);
    expect(await positives('')).toBe(2);
  });

  it('decides where split.evaluationTo lies later', async () => {
    const { manifest } = await prepare({
      files: { 'log.csv': TEN_DAYS },
      split: '{ evaluationFrom: 2020-01-09, evaluationTo: 2020-02-01, validationUsers: 0.01 }',
      tasks: buyWithin('2d', 'sessionStart'),
    });
    // Each day has two sessions; those of the 9th at 08:00 and later end past the 11th.
    expect(manifest.tasks.buy!.counts.evaluation).toEqual({});
    expect(warnings).toEqual([
      expect.stringMatching(
        /^buy has no samples for evaluation; .*the label reaches past its period; a label needs its `within` inside/,
      ),
    ]);
  });

  it('decides in training too, where the log ends before the evaluation period', async () => {
    const { manifest } = await prepare({
      files: { 'log.csv': TEN_DAYS },
      split: '{ evaluationFrom: 2020-01-20, validationLastDays: 1 }',
      tasks: buyWithin('2d', 'dayStart'),
    });
    // Two purchases of each of the first nine days, none of the tenth.
    expect(manifest.tasks.buy!.counts.training['1']).toBe(18);
    expect(warnings).toHaveLength(1);
  });
});

it("an entity may have the id column of the log's users", async () => {
  await prepare({
    files: {
      'log.csv': `user_id,item_id,time,behavior
u1,p1,2020-01-01 10:00:00,click
u1,p2,2020-01-01 10:10:00,follow
u2,p3,2020-01-02 10:00:00,click
u2,p3,2020-01-05 10:00:00,follow
`,
      'items.csv': 'item_id,author\np1,a1\np2,a2\np3,a3\n',
      'users.csv': 'user_id,age\na1,20\na2,30\na3,40\n',
    },
    data: ', items: { files: items.csv }',
    item: ', author: { size: 4 }',
    more: 'entities: { author: { id: user_id, table: { files: users.csv }, fields: { author: {}, age: { size: 2 } } } }',
    split: '{ evaluationFrom: 2020-01-04, validationUsers: 0.01 }',
    tasks: `  follow: { kind: binary, candidate: author, labels: { requests: positive, positives: { behavior: [follow] }, ${uniform} } }`,
  });
  const samples = await samplesOf('follow', 'r.user_id, s.label, s.candidate');
  expect(samples.filter(([, label]) => label === 1)).toEqual([
    ['u1', 1, 'a2'],
    ['u2', 1, 'a3'],
  ]);
  for (const [, , candidate] of samples) expect(candidate).toMatch(/^a[123]$/);
});

it('weights of any size are numbers, not decimals', async () => {
  const { manifest } = await prepare({
    files: {
      'log.csv': `user_id,item_id,time,behavior,src,dev
u1,p1,2020-01-01 10:00:00,click,a,m
u1,p2,2020-01-01 10:10:00,buy,a,m
u2,p3,2020-01-02 10:00:00,buy,b,m
u2,p3,2020-01-05 10:00:00,buy,c,m
`,
      'shown.csv':
        'user_id,item_id,time,label,a,b,c\nu1,p1,2020-01-01 12:00:00,1,x,x,x\nu1,p1,2020-01-04 10:00:00,0,y,x,x\n',
    },
    split: '{ evaluationFrom: 2020-01-04, validationUsers: 0.01 }',
    tasks: `
  buy:
    kind: binary
    labels:
      requests: positive
      positives: { behavior: [buy] }
      weightBy: { behavior: { buy: 0.3333333333333333, click: 1000000000000 }, src: { a: 0.6666666666666666, c: 1e-12 }, dev: { m: 1.1111111111111112 } }
      ${uniform}
  shown:
    kind: binary
    samples: { files: shown.csv, weightBy: { a: { x: 0.3333333333333333 }, b: { x: 0.3333333333333333 }, c: { x: 123456789012345 } } }
`,
  });
  expect(manifest.tasks.buy!.counts.training['1']).toBe(2);
  const types = await samplesOf('buy', 'typeof(s.weight)');
  expect(new Set(types.flat())).toEqual(new Set(['DOUBLE']));
  const weights = await samplesOf('buy', 's.weight');
  const m = 0.3333333333333333;
  expect(weights.flat()).toEqual([
    m * 1e-12 * 1.1111111111111112,
    m * 0.6666666666666666 * 1.1111111111111112,
    m * 1.1111111111111112,
    1,
    1,
    1,
  ]);
  const [both, ofShown] = [0.3333333333333333 * 0.3333333333333333, 0.3333333333333333];
  expect((await samplesOf('shown', 's.weight')).flat()).toEqual([
    both * 123456789012345,
    ofShown * 123456789012345,
  ]);
});

it('the next event of a user with many is found without looking at all that follow', async () => {
  const rows = Array.from(
    { length: 40_000 },
    (_, at) => `u,i${at % 50},${1_577_836_800 + at * 30},${at % 2 === 1 ? 'buy' : 'click'},${at % 90}`,
  );
  const { manifest } = await prepare({
    files: { 'log.csv': `user_id,item_id,time,behavior,price\n${rows.join('\n')}\n` },
    log: ', time: { column: time, format: seconds }',
    split: '{ evaluationFrom: 2020-01-12, validationLastDays: 1 }',
    tasks: `  next:
    kind: multiclass
    classes: 7
    samples: { files: log.csv, time: { column: time, format: seconds }, keep: [price] }
    labels: { next: { behavior: [buy] }, within: 7d, level: { column: price } }`,
  });
  // The last week before the validation part is not decided within the part.
  const within = (label: string) => manifest.tasks.next!.counts.training[label]!;
  expect(Object.values(manifest.tasks.next!.counts.training).reduce((a, b) => a + b, 0)).toBe(3 * 2880 + 1);
  expect(within('0')).toBeGreaterThan(400);
}, 20_000);

it('an item is in the group of its first event in time, without a value too', async () => {
  const { manifest } = await prepare({
    files: {
      'log.csv': `user_id,item_id,time,behavior,category
u1,p1,2020-01-03 10:00:00,buy,b
u1,p1,2020-01-01 10:10:00,buy,a
u2,p2,2020-01-01 11:00:00,click,a
u2,p3,2020-01-01 12:00:00,click,b
u2,p4,2020-01-01 12:00:00,click,
u2,p4,2020-01-01 12:00:00,click,a
u3,p5,2020-01-02 09:00:00,buy,
u3,p5,2020-01-02 10:00:00,click,b
`,
    },
    item: ', category: { size: 2 }',
    split: '{ evaluationFrom: 2020-01-04, validationUsers: 0.01 }',
    tasks: `  buy: { kind: binary, labels: { requests: positive, positives: { behavior: [buy] }, negatives: { by: uniform, within: category, perPositive: 5 } } }`,
  });
  const samples = await samplesOf('buy', 'r.request, s.label, s.candidate');
  expect(samples.map(([, label, candidate]) => `${label} ${candidate}`)).toEqual([
    ...['0 p2', '1 p1'],
    ...['0 p4', '1 p5'],
    ...['0 p2', '1 p1'],
  ]);
  // Of each pair of candidates, the one that is no positive.
  expect(manifest.tasks.buy!.negativeRate).toBe(1);
});

describe('the share of negatives that was drawn', () => {
  it('turns the odds among samples into those of all sessions', async () => {
    // Every session looks at an item; of a hundred sessions each of ten items is bought by one.
    const [sessions, items] = [5000, 10];
    const rows = Array.from({ length: sessions }, (_, at) => {
      const time = 1_577_836_800 + at * 60;
      const bought = at % 100 < items ? [`u${at},i${at % 100},${time + 60},buy`] : [];
      return [`u${at},i${at % items},${time},click`, ...bought].join('\n');
    });
    const { manifest } = await prepare({
      files: { 'log.csv': `user_id,item_id,time,behavior\n${rows.join('\n')}\n` },
      log: ', time: { column: time, format: seconds }',
      split: '{ evaluationFrom: 2020-01-05, validationUsers: 0.000001 }',
      tasks: `  buy: { kind: binary, labels: { requests: sessionStart, positives: { behavior: [buy] }, within: 1h, negatives: { by: uniform, perPositive: 2 } } }`,
    });
    const rate = manifest.tasks.buy!.negativeRate!;
    const counts = await query(`SELECT candidate, count(*) FILTER (label = 1), count(*) FILTER (label = 0)
      FROM '${folder}/out/samples/buy/samples.parquet' GROUP BY candidate`);
    expect(counts).toHaveLength(items);
    const total = counts.reduce((sum, [, positives]) => sum + Number(positives), 0);
    expect(total).toBe(sessions / 10);
    for (const [item, positives, negatives] of counts) {
      const odds = (Number(positives) / Number(negatives)) * rate;
      expect(odds / (1 + odds), `${item}`).toBeGreaterThan(0.007);
      expect(odds / (1 + odds), `${item}`).toBeLessThan(0.013);
    }
    const { 0: negatives, 1: positives } = manifest.tasks.buy!.counts.training;
    expect((positives! / negatives!) * rate).toBeCloseTo(0.01 / 0.99, 9);
  });

  it.each([
    ['without groups', '', (2 + 3) / (3 * 3 - 1)],
    ['within groups', 'within: category, ', 1 / (2 - 1)],
  ])('leaves out positives that could not be drawn, %s', async (_, within, expected) => {
    const { manifest } = await prepare({
      files: {
        // Of three sessions before the evaluation period, the last two with a positive; that of the last comes later and is new.
        'log.csv': `user_id,item_id,time,behavior,category
u1,p1,2020-01-01 10:00:00,click,a
u1,p3,2020-01-02 10:00:00,click,b
u1,p1,2020-01-02 10:10:00,buy,a
u2,p2,2020-01-03 20:00:00,click,a
u2,p9,2020-01-04 10:00:00,buy,c
`,
      },
      item: ', category: { size: 2 }',
      split: '{ evaluationFrom: 2020-01-04, validationUsers: 0.000001 }',
      tasks: `  buy: { kind: binary, labels: { requests: sessionStart, positives: { behavior: [buy] }, within: 20h, negatives: { by: uniform, ${within}perPositive: 9 } } }`,
    });
    expect(manifest.tasks.buy!.negativeRate).toBeCloseTo(expected, 12);
  });
});

describe('labels of events that are not there', () => {
  const log = [
    'user_id,item_id,time,behavior,price,shop',
    ...Array.from({ length: 30 }, (_, at) => `u,i,2020-01-0${1 + (at % 5)} 10:00:00,b${at % 12},,`),
    '',
  ].join('\n');
  const split = '{ evaluationFrom: 2020-01-04, validationUsers: 0.01 }';
  const rejection = async (tasks: string, more = '', item = '') => {
    const error: unknown = await prepare({ files: { 'log.csv': log }, split, tasks, more, item }).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  };
  const level = 'level: { column: price }';

  it('are refused with the values that the column has', async () => {
    const positives = `  buy: { kind: binary, labels: { requests: positive, positives: { behavior: [buy, paid] }, ${uniform} } }`;
    expect(await rejection(positives)).toBe(
      'Cannot work out the labels of `buy`: required events with behavior buy or paid (tasks.buy.labels.positives), got none; ' +
        'the values of behavior are b0 (3), b1 (3), b2 (3), b3 (3), b4 (3), b5 (3), b10 (2), b11 (2), b6 (2), b7 (2), ...',
    );
    const next = `  spend: { kind: multiclass, classes: 3, labels: { requests: dayStart, next: { behavior: [buy] }, within: 1d, ${level} } }`;
    expect(await rejection(next)).toMatch(
      /behavior buy \(tasks\.spend\.labels\.next\), got none; the values/,
    );
  });

  it('are refused with what they lack', async () => {
    const next = `  spend: { kind: multiclass, classes: 3, labels: { requests: dayStart, next: { behavior: [b0] }, within: 1d, ${level} } }`;
    expect(await rejection(next)).toMatch(/with a number in price, got 3 without one$/);
    const shop = `  shop: { kind: binary, candidate: shop, labels: { requests: positive, positives: { behavior: [b0] }, ${uniform} } }`;
    expect(
      await rejection(shop, 'entities: { shop: { fields: { shop: {} } } }', ', shop: { size: 2, from: log }'),
    ).toMatch(/with a value of shop, got 3 without one$/);
  });
});

describe('samples that two tables tear apart', () => {
  const samples = (user: string) =>
    `rid,user_id,item_id,time,label\n1,${user},i01,2020-01-02 12:00:00,1\n2,u,i01,2020-01-03 12:00:00,0\n`;
  const torn = {
    files: { 'log.csv': TEN_DAYS, 'x.csv': samples('u'), 'y.csv': samples('v') },
    split: '{ evaluationFrom: 2020-01-09, validationUsers: 0.01 }',
    tasks: ['x', 'y']
      .map((task) => `  ${task}: { kind: binary, samples: { files: ${task}.csv, request: rid } }`)
      .join('\n'),
  };

  it('are refused where they are too many, with the tables and what to do', async () => {
    const error: unknown = await prepare(torn).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toBe(
      'Cannot prepare the samples of `x`: required at most 1 % rejected rows (data.maxRejectRatio), got 50 %, 1 of 2: ' +
        '1 request id of two users or times. The request id 1 is that of user u at 2020-01-02T12:00:00.000Z in samples/x, ' +
        'of user v at 2020-01-02T12:00:00.000Z in samples/y; a request has one user and one time, over all tables that use ' +
        'its id (samples/x, samples/y). Give each request an id of its own (prefix those of each table), or name no `request` in samples',
    );
  });

  it('are left out and warned of where they are few', async () => {
    const { manifest } = await prepare({ ...torn, data: ', maxRejectRatio: 0.5' });
    expect(manifest.rows['samples/y']).toMatchObject({ kept: 1, rejected: 1 });
    expect(warnings.filter((text) => text.includes('Give each request an id of its own'))).toHaveLength(2);
  });
});

describe('requests at the start of local days', () => {
  const days = async (timeZone: string, evaluationFrom: string, times: readonly string[]) => {
    const rows = times.map((time, at) => `u,p${at},${time},buy`);
    await prepare({
      files: { 'log.csv': `user_id,item_id,time,behavior\n${rows.join('\n')}\n` },
      data: `, timeZone: ${timeZone}`,
      split: `{ evaluationFrom: ${evaluationFrom}, validationUsers: 0.000001 }`,
      tasks: `  buy: { kind: binary, labels: { requests: dayStart, within: 23h, positives: { behavior: [buy] }, ${uniform} } }`,
    });
    const starts = await samplesOf('buy', `DISTINCT strftime(r."time", '%Y-%m-%d %H:%M')`);
    return starts.flat();
  };

  it('know of a change of the clocks on the first day', async () => {
    const times = ['2020-03-08T12:00:00Z', '2020-03-09T12:00:00Z'];
    expect(await days('America/New_York', '2020-03-11', times)).toEqual([
      '2020-03-08 05:00',
      '2020-03-09 04:00',
    ]);
  });

  it('leave out a day that the zone skipped', async () => {
    const times = ['2011-12-28T14:00:00Z', '2011-12-29T15:00:00Z', '2012-01-02T12:00:00Z'];
    expect(await days('Pacific/Apia', '2012-01-02', times)).toEqual([
      '2011-12-28 10:00',
      '2011-12-29 10:00',
      '2012-01-02 10:00',
    ]);
  });
});
