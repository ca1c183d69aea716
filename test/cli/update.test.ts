import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runMain } from './collect-output.js';

const DAY = 86_400;
const START = 1_577_836_800; // 2020-01-01 00:00:00 UTC

test('preprocess --update adds a day, says what it added, and then that nothing is new', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-update-cli-'));
  const write = (name: string, lines: readonly string[]) =>
    writeFile(join(folder, name), `${lines.join('\n')}\n`);
  const day = (number: number, items: readonly string[]) =>
    write(`log-${number}.csv`, [
      'user_id,item_id,time',
      ...items.map((item, at) => `u${at},${item},${START + number * DAY + at * 60}`),
    ]);
  await day(0, ['a', 'b', 'c']);
  await day(1, ['a', 'b', 'c']);
  await write('samples.csv', [
    'user_id,item_id,time,label',
    ...[0, 1, 2, 3].flatMap((number) =>
      [0, 1, 2, 3].map((user) => `u${user},a,${START + number * DAY + 43_200 + user},${user % 2}`),
    ),
  ]);
  await write('config.yaml', [
    'name: daily',
    `data: { root: ${folder}, log: { files: "log-*.csv", time: { column: time, format: seconds } } }`,
    'features: { item: { item: { size: 4 } } }',
    'split: { evaluationLastDays: 1, validationUsers: 0.3 }',
    'tasks: { t: { kind: binary, samples: { files: samples.csv, time: { column: time, format: seconds } } } }',
    `preprocess: { folder: ${join(folder, 'prepared')} }`,
  ]);
  const run = (...options: string[]) =>
    runMain(['preprocess', '-c', join(folder, 'config.yaml'), '--log-level', 'silent', ...options]);

  // The samples reach further than the log: the first preparation is split by them.
  const first = JSON.parse((await run('--update', '--json')).stdout);
  expect(first).toMatchObject({ skipped: false, users: 4, update: null });
  expect((await run('--update')).stdout).toMatch(/up to date, nothing was done\n$/);

  await day(2, ['a', 'd', 'e', 'f', 'f']);
  const second = JSON.parse((await run('--update', '--json')).stdout);
  expect(second).toMatchObject({
    skipped: false,
    users: 5,
    items: 6,
    update: {
      from: '2020-01-03T00:00:00.000Z',
      to: '2020-01-04T00:00:00.000Z',
      events: 5,
      users: 1,
      items: 3,
      grown: { 'item/item': 3 },
    },
  });
  expect(second.rows['samples/t'].filteredBy).toEqual({ 'of an earlier preparation': 8, 'after the log': 4 });
  expect(second.requests.training + second.requests.validation).toBe(4);

  await day(3, ['a', 'g']);
  const third = await run('--update');
  expect(third.code).toBe(0);
  expect(third.stdout).toContain(
    'added from 2020-01-04T00:00:00.000Z to 2020-01-05T00:00:00.000Z: 2 events, 0 users, 1 item rows\n' +
      'new rows of vocabularies: 1 of item/item\n',
  );

  // What is updated is used like any other prepared data.
  const shown = await runMain(['show', '-c', join(folder, 'config.yaml'), '--user', 'u0']);
  expect([shown.code, shown.stderr]).toEqual([0, '']);
  const other = await run('--update', '--set', 'features.item.item.minCount=2');
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringContaining('features.item.item.minCount: was 1, now 2'),
  ]);
});
