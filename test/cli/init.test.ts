import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runMain } from './collect-output.js';

let folder: string;
let config: string;

/** A month of three users who click and buy; who was shown an item clicks it every other time. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-init-'));
  config = join(folder, 'shop.yaml');
  const time = (at: number) => new Date(Date.UTC(2026, 0, 1) + at * 3_600_000).toISOString().slice(0, 19);
  const events = Array.from(
    { length: 720 },
    (_, at) => `u${at % 3},i${at % 20},${time(at)},${at % 5 === 0 ? 'buy' : 'click'},b${at % 4}`,
  );
  const shown = Array.from({ length: 720 }, (_, at) => `u${at % 3},${time(at)},i${(at * 7) % 20},${at % 2}`);
  const write = (name: string, header: string, rows: string[]) =>
    writeFile(join(folder, name), `${[header, ...rows].join('\n')}\n`);
  await write('shop.csv', 'user_id,item_id,time,behavior,brand', events);
  await write('shown.csv', 'user_id,time,item_id,label', shown);
});

describe.sequential('from a log to a config', () => {
  it('init writes a config that validate and preprocess take as it is', async () => {
    const tables = [join(folder, 'shop.csv'), '--samples', join(folder, 'shown.csv'), '--out', config];
    const written = await runMain(['init', ...tables, '--json']);
    expect(written.code).toBe(0);
    const { file, todos } = JSON.parse(written.stdout);
    expect(file).toBe(config);
    const text = await readFile(config, 'utf8');
    // The first line says what the marks are.
    expect(text.split('\n').filter((line) => line.includes('TODO'))).toHaveLength(todos + 1);

    const valid = await runMain(['validate', '-c', config, '--json']);
    expect([valid.code, valid.stderr]).toEqual([0, '']);
    const report = JSON.parse(valid.stdout);
    expect(report.problems).toEqual([]);
    expect(report.tables.map(({ name, rows }: { name: string; rows: number }) => [name, rows])).toEqual([
      ['log', 720],
      ['samples/ctr', 720],
    ]);

    const prepared = await runMain([
      'preprocess',
      '-c',
      config,
      '--set',
      `preprocess.folder=${folder}/prepared`,
      '--json',
    ]);
    expect(prepared.code).toBe(0);
    expect(JSON.parse(prepared.stdout).events).toMatchObject({
      read: 720,
      kept: 720,
      rejected: 0,
      filtered: 0,
    });
  });

  it('init does not write over a config unless it is forced', async () => {
    const before = await readFile(config, 'utf8');
    const refused = await runMain(['init', join(folder, 'shop.csv'), '--out', config]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`Cannot write ${config}: it exists already`);
    expect(await readFile(config, 'utf8')).toBe(before);
    const forced = await runMain(['init', join(folder, 'shop.csv'), '--out', config, '--force']);
    expect(forced.code).toBe(0);
    expect(await readFile(config, 'utf8')).toContain('tasks: {}');
  });

  it('train asks for a task where there is none', async () => {
    const { code, stderr } = await runMain(['train', '-c', config]);
    expect(code).toBe(2);
    expect(stderr).toContain('required a task with samples under tasks, got none');
  });

  it('validate prints what it found, and ends with 2 when something is wrong', async () => {
    const { code, stdout, stderr } = await runMain(['validate', '-c', config, '--set', 'data.log.item=sku']);
    expect(code).toBe(2);
    expect(stdout).toContain('problems: 1');
    expect(stderr).toMatch(/^Cannot use the data of .*shop\.yaml:\n.*`sku`.*shop\.csv:1/);
    const json = await runMain(['validate', '-c', config, '--set', 'data.log.item=sku', '--json']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout).problems).toHaveLength(1);
  });

  it('validate prints tables for people', async () => {
    const { code, stdout } = await runMain(['validate', '-c', config]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^log +1 +\d+\.\d kB +720 +720 +0 +0 +2026-01-01T00:00:00\.000Z \.\. 2026-01-30T23:00:00\.000Z/m,
    );
    expect(stdout).toContain('log.behavior: click 576, buy 144');
    expect(stdout).toMatch(/^item +brand +6 +\d+\.\d kB$/m);
  });
});

describe('generate', () => {
  it('gives the same log for the same seed and refuses to write over anything', async () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const size = ['--users', '20', '--days', '2', '--seed', '5'];
    expect((await runMain(['generate', '--out', one, ...size])).code).toBe(0);
    expect((await runMain(['generate', '--out', two, ...size, '--truth'])).code).toBe(0);
    for (const name of await readdir(one)) {
      expect([name, await readFile(join(two, name))]).toEqual([name, await readFile(join(one, name))]);
    }
    expect(await readdir(two)).toContain('truth.csv.gz');
    const refused = await runMain(['generate', '--out', one, ...size]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('to be empty or new')]);
    expect((await runMain(['generate', '--out', one, ...size, '--force'])).code).toBe(0);
  });

  it.each([
    ['--users', '0'],
    ['--days', '1.5'],
    ['--start', '2026-02-30'],
    ['--seed', '-1'],
  ])('refuses %s %s', async (flag, value) => {
    const refused = await runMain(['generate', '--out', join(folder, 'no'), flag, value]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`'${value}' is invalid`)]);
  });
});

it('doctor finds the engine that the tests run on', async () => {
  const { code, stdout } = await runMain(['doctor', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).engine.tensorflow).toMatch(/^\d+\.\d+/);
  expect((await runMain(['doctor'])).stdout).toMatch(/^engine +tfjs-node /m);
});
