/** An experiment that is worked out by hand, from files of every kind. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withDatabase } from '../../src/delivery/database.js';
import { runMain } from './collect-output.js';

let folder: string;
const at = (name: string) => join(folder, name);

const EXPOSURES = `time,user,variant,page
2026-01-10T12:00:00Z,u1,a,home
2026-01-10T12:05:00Z,u1,a,search
2026-01-10T12:00:00Z,u2,a,search
2026-01-10T12:00:00Z,u3,b,home
2026-01-10T12:00:00Z,u4,b,search
2026-01-10T12:00:00Z,u5,a,home
2026-01-10T12:01:00Z,u5,b,home
2026-01-10T12:00:00Z,u6,b,
`;
const OUTCOMES = `time,user,impressions,clicks,conversions,revenue
2026-01-10T12:00:00Z,u1,2,1,0,0
2026-01-10T11:59:59Z,u1,9,9,9,9
2026-01-10T12:10:00Z,u2,4,3,1,10.5
2026-01-10T12:10:00Z,u3,5,5,2,
2026-01-10T12:10:00Z,u4,5,3,2,31
2026-01-10T12:10:00Z,u5,5,5,5,5
2026-01-10T12:10:00Z,u9,5,5,5,5
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-ab-'));
  await writeFile(at('exposures.csv'), EXPOSURES);
  await writeFile(at('clicks.csv'), 'user,clicks\nu1,1\nu2,1\nu3,1\n');
  await writeFile(at('outcomes.csv'), OUTCOMES);
});
afterAll(() => rm(folder, { recursive: true }));

async function json(...argv: string[]) {
  const { code, stdout, stderr } = await runMain(['ab', ...argv, '--json']);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

test('uplifts by hand: whole users, from their first exposure on', async () => {
  const result = await json('--exposures', at('exposures.csv'), '--outcomes', at('outcomes.csv'));
  expect(result).toMatchObject({
    control: 'a',
    users: { a: 2, b: 3 },
    mixedUsers: 1,
    unexposed: 1,
    early: 1,
    sampleRatio: { chiSquare: expect.closeTo(0.2, 9), degrees: 1, pValue: expect.closeTo(0.6547208, 6) },
  });
  const [ctr, cvr, revenue] = result.rows;
  // a: 4 clicks of 6 impressions; residuals -1/3, 1/3. b: u6 was exposed and did nothing; 8 of 10: residuals 1, -1, 0.
  const [errorA, errorB] = [1 / 9, Math.sqrt(1 / 3) / (10 / 3)];
  const z = 1.959964;
  expect(ctr).toMatchObject({ metric: 'ctr', variant: 'b', users: 3, controlUsers: 2, slice: null });
  expect(ctr.result.control).toBeCloseTo(4 / 6, 9);
  expect(ctr.result.variant).toBeCloseTo(0.8, 9);
  expect(ctr.result.difference).toBeCloseTo(0.8 - 4 / 6, 9);
  expect(ctr.result.uplift).toBeCloseTo(0.2, 9);
  const half = z * Math.hypot(errorA, errorB);
  expect(ctr.result.interval.low).toBeCloseTo(0.8 - 4 / 6 - half, 6);
  expect(ctr.result.interval.high).toBeCloseTo(0.8 - 4 / 6 + half, 6);
  const relative = z * Math.hypot(errorB / (4 / 6), (0.8 / (4 / 6) ** 2) * errorA);
  expect(ctr.result.upliftInterval.high).toBeCloseTo(0.2 + relative, 6);
  // Conversions of clicks: 1 of 4, and 4 of 8.
  expect([cvr.result.control, cvr.result.variant]).toEqual([0.25, 0.5]);
  expect([revenue.result.control, revenue.result.variant]).toEqual([5.25, expect.closeTo(31 / 3, 9)]);
  // A mean: the deviation of 0 and 10.5 is 7.425, of the mean 5.25.
  const ofB = Math.sqrt((2 * (31 / 3) ** 2 + (31 - 31 / 3) ** 2) / 2 / 3);
  expect(revenue.result.interval.high).toBeCloseTo(31 / 3 - 5.25 + z * Math.hypot(5.25, ofB), 5);
});

test('the same from JSON lines and Parquet, in parts, with columns of other names', async () => {
  const expected = await json('--exposures', at('exposures.csv'), '--outcomes', at('outcomes.csv'));
  const rows = EXPOSURES.trim().split('\n').slice(1);
  const lines = rows.map((row) => {
    const [time, user, variant] = row.split(',');
    return `${JSON.stringify({ time, user_id: user, variant, tasks: ['ctr'] })}\n`;
  });
  await writeFile(at('one.jsonl'), lines.slice(0, 3).join(''));
  await writeFile(at('two.jsonl.gz'), gzipSync(lines.slice(3).join('')));
  await withDatabase(async (connection) => {
    const table = `SELECT * RENAME ("user" AS user_id, clicks AS "the clicks") FROM '${at('outcomes.csv')}'`;
    await connection.run(`COPY (${table}) TO '${at('outcomes.parquet')}'`);
  });
  const exposures = ['--exposures', at('one.jsonl'), '--exposures', at('two.jsonl.gz')];
  const columns = ['--columns', 'user=user_id,clicks=the clicks'];
  expect(await json(...exposures, '--outcomes', at('outcomes.parquet'), ...columns)).toEqual(expected);
});

test('slices by columns of exposures and of users, shares and another control', async () => {
  await writeFile(at('users.csv'), 'user,age\nu1,young\nu2,old\nu3,young\nu4,young\n');
  const files = [
    '--exposures',
    at('exposures.csv'),
    '--outcomes',
    at('outcomes.csv'),
    '--users',
    at('users.csv'),
  ];
  const more = ['--slice', 'page', '--slice', 'age', '--control', 'b', '--split', 'a=10,b=90'];
  const result = await json(...files, ...more);
  expect(result.control).toBe('b');
  // Expected .5 and 4.5 of five.
  expect(result.sampleRatio.chiSquare).toBeCloseTo(1.5 ** 2 / 0.5 + 1.5 ** 2 / 4.5, 9);
  const sliced = result.rows.filter((row: { metric: string }) => row.metric === 'ctr');
  const counts = sliced.map(
    ({
      slice,
      users,
      controlUsers,
    }: { slice: { column: string; value: string } | null } & Record<string, number>) => [
      slice && `${slice.column}=${slice.value}`,
      users,
      controlUsers,
    ],
  );
  // The first page of u1 is home.
  expect(counts).toEqual([
    [null, 2, 3],
    ['page=home', 1, 1],
    ['page=search', 1, 1],
    ['page=', 0, 1],
    ['age=young', 1, 2],
    ['age=', 0, 1],
    ['age=old', 1, 0],
  ]);
});

test('users who come twice in their table count once, whatever columns the outcomes have', async () => {
  await writeFile(at('users-twice.csv'), 'user,age\nu1,young\nu1,young\nu2,old\nu2,old\nu3,old\nu4,old\n');
  await writeFile(at('named.csv'), 'user,variant,exposures,clicks\nu1,x,2,1\nu2,x,4,3\nu3,x,5,5\n');
  const files = ['--exposures', at('exposures.csv'), '--users', at('users-twice.csv'), '--slice', 'age'];
  const ctrOf = ({ rows }: { rows: { result: { control: number } }[] }) => rows[0]!.result.control;
  // u1 has two exposures, u2 one.
  expect(ctrOf(await json(...files, '--outcomes', at('clicks.csv')))).toBeCloseTo(2 / 3, 9);
  const columns = ['--columns', 'impressions=exposures'];
  expect(ctrOf(await json(...files, '--outcomes', at('named.csv'), ...columns))).toBeCloseTo(4 / 6, 9);
});

test('what is logged in whole seconds counts from that of the first exposure on', async () => {
  const late = EXPOSURES.replaceAll(':00Z', ':00.750Z');
  await writeFile(at('late.csv'), late);
  const outcomes = ['--outcomes', at('outcomes.csv')];
  const { early, rows } = await json('--exposures', at('late.csv'), ...outcomes);
  const expected = await json('--exposures', at('exposures.csv'), ...outcomes);
  expect([early, rows]).toEqual([1, expected.rows]);
});

test('without impressions each exposure is one, and what is not told is no metric', async () => {
  const { rows } = await json('--exposures', at('exposures.csv'), '--outcomes', at('clicks.csv'));
  expect(rows.length).toBe(1);
  expect(rows[0].result).toMatchObject({
    control: expect.closeTo(2 / 3, 9),
    variant: expect.closeTo(1 / 3, 9),
  });
});

test('as a table, with a warning of shares that cannot be', async () => {
  const users = Array.from({ length: 900 }, (_, at) => `u${at},${at < 500 ? 'a' : 'b'}`);
  await writeFile(at('many.csv'), `user,variant\n${users.join('\n')}\n`);
  const { code, stdout } = await runMain([
    'ab',
    '--exposures',
    at('many.csv'),
    '--outcomes',
    at('clicks.csv'),
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain('users: a 500, b 400; control: a');
  // 100^2 / 900 = 11.11.
  expect(stdout).toContain('sample ratio: chi-square 11.11 with 1 degrees of freedom, p < 0.001');
  expect(stdout).toContain('should not be believed');
  expect(stdout).toMatch(/all +CTR +b +400 +0.6 % +0 % +-100.0 %/);
});

test.each([
  ['user,variant\nu1,a\n', 'user,clicks\n', 'expected exposures of two variants or more, got a'],
  ['user,arm\nu1,a\n', 'user,clicks\n', 'required the column variant, got user, arm'],
  [
    'user,variant\nu1,a\nu2,b\n',
    'user,click\nu1,1\n',
    'expected one of the columns impressions, clicks, conversions',
  ],
  ['user,variant\nu1,a\nu2,b\n', 'user,clicks\nu1,yes\n', 'expected a number in clicks, got yes'],
  [
    'user,variant\nu1,a\nu2,b\n',
    'user,time,clicks\nu1,soon,1\n',
    'expected a time such as 2026-01-10T12:00:00Z in time, got soon',
  ],
])('files that say too little are refused: %#', async (exposures, outcomes, message) => {
  await writeFile(at('bad-exposures.csv'), exposures);
  await writeFile(at('bad-outcomes.csv'), outcomes);
  const argv = ['ab', '--exposures', at('bad-exposures.csv'), '--outcomes', at('bad-outcomes.csv')];
  const { code, stderr, stdout } = await runMain(argv);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

test.each([
  [['--control', 'c'], 'expected a control of a, b, got c'],
  [['--split', 'a=1,c=1'], 'expected exposures of a, c, got one of b'],
  [['--split', 'a'], 'Cannot read --split: expected parts such as a=b, got a'],
  [['--columns', 'users=id'], 'got users, did you mean `user`?'],
  [['--slice', 'pag'], 'required the column pag, did you mean `page`?'],
])('%j is refused', async (more, message) => {
  const argv = ['ab', '--exposures', at('exposures.csv'), '--outcomes', at('outcomes.csv'), ...more];
  const { code, stderr } = await runMain(argv);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
