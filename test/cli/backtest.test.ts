/** A backtest of a tiny world: each day is measured before it is learned, and what is done stays. */
import { existsSync } from 'node:fs';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import type { Backtest } from '../../src/config/load-backtest.js';
import { backtest as goThrough } from '../../src/experiments/backtest.js';
import type { BacktestResult } from '../../src/experiments/backtest-result.js';
import { generateLog } from '../../src/synthetic/generate.js';
import { withDefaults } from '../../src/synthetic/options.js';
import { runMain } from './collect-output.js';

const configs = new URL('../../configs', import.meta.url).pathname;

let folder: string;
let result: BacktestResult;

const base = () => `
extends: ${configs}/quickstart.yaml
name: tiny
data: { root: ${folder}/log }
features:
  ranking: null
  user: { scenario: { tasks: [ctr] } }
  query: { tasks: [ctr] }
entities: null
split: { trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2 }
tasks: { l2r: null, fifp: null, spp: null, ppp: null }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 10 }
train: { epochs: 2 }
eval: { bootstrapSamples: 20 }
preprocess: { folder: ${folder}/prepared }
run: { folder: ${folder}/runs }
`;

const backtest = `
name: daily
base: base.yaml
from: 2026-01-08
days: 3
update: { epochs: 1 }
`;

const run = (...rest: string[]) =>
  runMain(['backtest', '-c', join(folder, 'daily.yaml'), '--log-level', 'warn', ...rest]);

const at = (...path: string[]) => join(folder, 'runs/daily', ...path);
const json = async (...path: string[]) => JSON.parse(await readFile(at(...path), 'utf8'));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-backtest-cli-'));
  await generateLog(join(folder, 'log'), withDefaults({ users: 60, days: 7, seed: 3 }), silentContext);
  await writeFile(join(folder, 'base.yaml'), base());
  await writeFile(join(folder, 'daily.yaml'), backtest);
  const output = await run('--json');
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  result = JSON.parse(output.stdout);
});

describe('dupn backtest', () => {
  it('measures every model on the same samples of each day', () => {
    expect(result.days.map(({ day }) => day)).toEqual(['2026-01-08', '2026-01-09', '2026-01-10']);
    for (const { samples, models } of result.days) {
      expect(samples.ctr).toBeGreaterThan(100);
      for (const { auc } of Object.values(models)) expect(auc.ctr).toBeGreaterThan(0.3);
    }
    const [first, second, third] = result.days;
    expect(new Set(Object.values(first!.models).map(({ auc }) => auc.ctr)).size).toBe(1);
    for (const { models } of [second!, third!]) {
      expect(new Set(Object.values(models).map(({ auc }) => auc.ctr)).size).toBe(3);
      expect(models.stale!.run).toBe(result.start.run);
      expect(models.stale).toMatchObject({ preprocessSeconds: 0, trainingSeconds: 0 });
      expect(models.updated!.trainingSeconds).toBeGreaterThan(0);
      expect(models.retrained!.preprocessSeconds).toBeGreaterThan(0);
    }
    expect(third!.models.updated!.run).toBe(at('updated-2026-01-09'));
  });

  it('starts each update from the one of the day before, and learns its day alone', async () => {
    expect((await json('updated-2026-01-08', 'start.json')).run).toBe(at('start'));
    const start = await json('updated-2026-01-09', 'start.json');
    expect(start.run).toBe(at('updated-2026-01-08'));
    expect(start.created).toEqual([]);
    expect(start.skipped).toEqual([]);
    const { state } = await json('updated-2026-01-09', 'checkpoints/last/checkpoint.json');
    const [, second, third] = result.days;
    expect(state.learnedTo).toBe('2026-01-10T00:00:00.000Z');
    expect(state.samplesByTask.ctr).toBeLessThan(second!.samples.ctr!);
    expect(state.samplesByTask.ctr).toBeGreaterThan(second!.samples.ctr! / 2);
    expect(third!.samples.ctr).not.toBe(second!.samples.ctr);
  });

  it('sets the updated model against the others', async () => {
    expect(result.differences.map(({ task, against }) => [task, against])).toEqual([
      ['ctr', 'stale'],
      ['ctr', 'retrained'],
    ]);
    const mean = (model: 'updated' | 'stale') =>
      result.days.reduce((sum, { models }) => sum + models[model]!.auc.ctr!, 0) / result.days.length;
    // Predictions are written as FLOAT, so that neighbours may become equal.
    expect(result.differences[0]!.difference).toBeCloseTo(mean('updated') - mean('stale'), 4);
    expect(await json('backtest.json')).toEqual(result);
    expect(await readFile(at('backtest.md'), 'utf8')).toContain('2026-01-09');
    expect(await readFile(at('backtest.html'), 'utf8')).toContain('<svg');
  });

  it('finds what is done, and goes on where it was cut off', async () => {
    const trainedAt = (name: string) =>
      stat(at(name, 'checkpoints/last/checkpoint.json')).then(({ mtimeMs }) => mtimeMs);
    const before = await Promise.all(['start', 'updated-2026-01-08', 'retrained-2026-01-09'].map(trainedAt));
    // As if the last day had been added, and nothing been measured on it yet.
    await rm(at('days/2026-01-10-updated.json'));
    await rm(at('days/2026-01-10-retrained.json'));
    const again = JSON.parse((await run('--json')).stdout) as BacktestResult;
    expect(await Promise.all(['start', 'updated-2026-01-08', 'retrained-2026-01-09'].map(trainedAt))).toEqual(
      before,
    );
    expect(again.days.map(({ models }) => models.updated!.auc)).toEqual(
      result.days.map(({ models }) => models.updated!.auc),
    );
    expect(again.days.map(({ models }) => models.retrained!.auc)).toEqual(
      result.days.map(({ models }) => models.retrained!.auc),
    );
    // What was prepared before it was cut off counts, though the run was trained already.
    expect(again.days.map(({ models }) => models.retrained!.preprocessSeconds)).toEqual(
      result.days.map(({ models }) => models.retrained!.preprocessSeconds),
    );
  });

  it('does not go back to a day that is over', async () => {
    const file = at('days/2026-01-09-stale.json');
    const measured = await readFile(file);
    await rm(file);
    const output = await run();
    await writeFile(file, measured);
    expect(output.code).toBe(2);
    expect(output.stderr).toMatch(/Cannot go back to an earlier day .*got until 2026-01-11T00:00:00.000Z/);
    expect(output.stderr).toMatch(/begin the backtest again \(--force\)/);
    expect(output.stderr).not.toMatch(/dupn preprocess/);
  });

  it('says what to do where the log has changed', async () => {
    const [file, log] = [at('days/2026-01-10-stale.json'), join(folder, 'log/events.csv.gz')];
    const [measured, { size, atime, mtime }] = [await readFile(file), await stat(log)];
    await rm(file);
    await appendFile(log, 'more');
    const output = await run();
    await truncate(log, size);
    await utimes(log, atime, mtime);
    await writeFile(file, measured);
    expect(output.code).toBe(2);
    expect(output.stderr).toMatch(/events\.csv\.gz has changed .*\n {2}begin the backtest again \(--force\)/);
    expect(output.stderr).not.toMatch(/dupn preprocess/);
  });

  it('refuses a run that was trained with other settings', async () => {
    await writeFile(join(folder, 'base.yaml'), base().replace('units: 8', 'units: 9'));
    const output = await run();
    await writeFile(join(folder, 'base.yaml'), base());
    expect(output.code).toBe(2);
    expect(output.stderr).toMatch(/other settings\n {2}model\.units: was 8, now 9/);
  });
});

describe('data that was updated', () => {
  const config = () => [
    '-c',
    join(folder, 'base.yaml'),
    '--set',
    'name=tiny-daily',
    '--set',
    'data.log.to=2026-01-11',
    '--set',
    'split={trainingFrom: 2026-01-06, evaluationFrom: 2026-01-08, evaluationTo: 2026-01-09, validationUsers: 0.2}',
  ];

  it('is not taught to a run that knows it, nor measured with one', async () => {
    const known = ['--set', `run={folder: ${at()}, name: updated-2026-01-10}`];
    const start = await runMain(['train', ...config(), ...known, '--from', at('updated-2026-01-09')]);
    expect([start.code, start.code === 0 ? '' : start.stderr]).toEqual([0, '']);
    const measured = await runMain(['eval', ...config(), ...known, '--log-level', 'silent']);
    expect(measured.code).toBe(2);
    expect(measured.stderr).toMatch(
      /Cannot measure .*updated-2026-01-10.* it has learned from the days until/,
    );
    const twice = await runMain([
      'train',
      ...config(),
      '--set',
      `run={folder: ${at()}, name: twice}`,
      '--from',
      at('updated-2026-01-10'),
    ]);
    expect(twice.code).toBe(2);
    expect(twice.stderr).toMatch(/Cannot teach/);
  });

  it('does not train a model from scratch', async () => {
    const output = await runMain(['train', ...config(), '--set', `run={folder: ${at()}, name: scratch}`]);
    expect(output.code).toBe(2);
    expect(output.stderr).toMatch(/--from/);
  });
});

describe('the folder of a backtest', () => {
  const elsewhere = (parent: string, name: string) => [
    '--set',
    `run={folder: ${join(folder, parent)}, name: ${name}}`,
  ];

  it('is not that of a run', async () => {
    for (const force of [[], ['--force']]) {
      const output = await run(...elsewhere('runs/daily', 'start'), ...force);
      expect(output.code).toBe(2);
      expect(output.stderr).toMatch(
        /Cannot backtest into .*start: .* got a run; give the backtest another name/,
      );
    }
    expect(existsSync(at('start/metrics.jsonl'))).toBe(true);
  });

  it('is not one of something else where it would be emptied', async () => {
    await mkdir(join(folder, 'src'));
    await writeFile(join(folder, 'src/notes.txt'), 'mine');
    const output = await run(...elsewhere('.', 'src'), '--force');
    expect(output.code).toBe(2);
    expect(output.stderr).toMatch(/Cannot backtest into .*src: .* got one that holds something else/);
    expect(await readdir(join(folder, 'src'))).toEqual(['notes.txt']);
  });

  it('is begun again with --force, without what is not of the backtest', async () => {
    const late = ['--set', 'name=late', '--set', 'from=2026-01-11', '--set', 'models=[stale]'];
    const there = (...path: string[]) => join(folder, 'runs/late', ...path);
    // The log ends on the first of the two.
    const output = await run(...late, '--set', 'days=2');
    expect(output.code).toBe(2);
    expect(output.stderr).toMatch(/Cannot add 2026-01-12 .*no events on 2026-01-12; .*--set days=1/);
    expect(existsSync(there('days/2026-01-11-added.json'))).toBe(true);
    expect(existsSync(there('days/2026-01-12-added.json'))).toBe(false);

    await writeFile(there('notes.txt'), 'mine');
    const trained = await stat(there('start/checkpoints/last/checkpoint.json'));
    const again = await run(...late, '--set', 'days=1', '--force');
    expect([again.code, again.code === 0 ? '' : again.stderr]).toEqual([0, '']);
    expect((await stat(there('start/checkpoints/last/checkpoint.json'))).mtimeMs).toBeGreaterThan(
      trained.mtimeMs,
    );
    expect(await readFile(there('notes.txt'), 'utf8')).toBe('mine');

    // The prepared data has gone on, and nothing says that it is of this backtest.
    await rm(there(), { recursive: true });
    const found = await run(...late, '--set', 'days=1', '--force');
    expect(found.code).toBe(2);
    expect(found.stderr).toMatch(/prepared\/tiny-late was there before the backtest: remove it/);
    expect(existsSync(join(folder, 'prepared/tiny-late'))).toBe(true);
  });
});

it('warns of models that were measured on other samples', async () => {
  const warnings: object[] = [];
  const logger = { ...silentContext.logger, warn: (fields: object) => warnings.push(fields) };
  const ready = { run: 'start', preprocessSeconds: 0, trainingSeconds: 0 };
  const measured = (ctr: number) => ({ auc: { ctr: 0.5 }, samples: { ctr } });
  const settings = {
    ...{
      name: 'daily',
      folder,
      seed: 1,
      models: ['updated', 'retrained'],
      days: ['2026-01-08', '2026-01-09'],
    },
    base: { tasks: { ctr: {} }, train: {} },
  } as unknown as Backtest;
  const work = {
    start: async () => ready,
    addDay: async () => ({ preprocessSeconds: 0 }),
    measure: async () => measured(20),
    learnDay: async () => ready,
    retrain: async () => ({ ready, measured: measured(18) }),
    differences: async () => [],
    report: async () => {},
  };
  await goThrough(settings, work, { ...silentContext, logger });
  expect(warnings).toEqual([{ day: '2026-01-09', task: 'ctr', samples: { updated: 20, retrained: 18 } }]);
});
