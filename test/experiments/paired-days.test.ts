import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { BacktestModel } from '../../src/common/backtest-models.js';
import { copyToParquet, openDatabase } from '../../src/common/database.js';
import { createRandom } from '../../src/common/random.js';
import { pairedDifferences } from '../../src/experiments/paired-days.js';

const limits = { memoryLimit: '200MB', threads: 1 };
const days = ['2026-01-01', '2026-01-02'];
const models: BacktestModel[] = ['updated', 'stale', 'retrained'];

interface Row {
  readonly user: string;
  readonly prediction: number;
  readonly label: number;
  readonly weight: number;
}

let folder: string;
const rows = new Map<string, Row[]>();
const key = (day: string, model: string) => `${day}-${model}`;
const fileOf = (day: string, model: string) => join(folder, `${key(day, model)}.parquet`);

/** stale is updated with noise, so worse; retrained is the same as updated. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-paired-'));
  const { connection, close } = await openDatabase(folder, limits);
  const random = createRandom(1);
  for (const day of days) {
    const all = Array.from({ length: 300 }, (_, at) => {
      const label = random.uniform() < 0.4 ? 1 : 0;
      // Some users come on one day alone, some samples count for nothing, and some scores are tied.
      const user = at % 50 === 0 ? `only ${day} ${at % 3}` : `u${(at * 7) % 40}`;
      const prediction = Number((label * 0.3 + random.uniform()).toFixed(2));
      return { user, prediction, label, weight: (at % 4) / 2 };
    });
    rows.set(key(day, 'updated'), all);
    rows.set(key(day, 'retrained'), all);
    rows.set(
      key(day, 'stale'),
      all.map((row) => ({ ...row, prediction: row.prediction + random.uniform() })),
    );
    for (const model of models) {
      const values = rows
        .get(key(day, model))!
        .map(
          ({ user, prediction, label, weight }) =>
            `('${user}', ${prediction}::FLOAT, ${label}::FLOAT, ${weight}::FLOAT)`,
        );
      await copyToParquet(
        connection,
        `SELECT * FROM (VALUES ${values.join(', ')}) t(user_id, prediction, label, weight)`,
        fileOf(day, model),
      );
    }
  }
  close();
});

/** By comparing every pair. */
function auc(samples: readonly Row[], weightOf: (user: string) => number): number {
  let [won, all] = [0, 0];
  for (const a of samples.filter(({ label }) => label === 1)) {
    for (const b of samples.filter(({ label }) => label === 0)) {
      const weight = weightOf(a.user) * a.weight * weightOf(b.user) * b.weight;
      const [x, y] = [Math.fround(a.prediction), Math.fround(b.prediction)];
      all += weight;
      won += weight * (x > y ? 1 : x === y ? 0.5 : 0);
    }
  }
  return won / all;
}

const input = (samples: number) => ({
  ...{ folder, days, models, limits, fileOf },
  tasks: ['ctr'],
  bootstrap: { samples, seed: 3 },
});

test('the difference is the mean over the days of that of the AUCs', async () => {
  const [stale, retrained] = await pairedDifferences(input(200));
  const of = (model: string) =>
    days.reduce((sum, day) => sum + auc(rows.get(key(day, model))!, () => 1), 0) / days.length;
  expect(stale).toMatchObject({ task: 'ctr', model: 'updated', against: 'stale' });
  expect(stale!.difference).toBeCloseTo(of('updated') - of('stale'), 6);
  expect(stale!.interval!.low).toBeLessThan(stale!.difference);
  expect(stale!.interval!.high).toBeGreaterThan(stale!.difference);
  expect(retrained).toMatchObject({ against: 'retrained', difference: 0, interval: { low: 0, high: 0 } });
});

test('the interval is that of whole users drawn again, the same ones on every day and in every model', async () => {
  const users = [
    ...new Set(days.flatMap((day) => rows.get(key(day, 'updated'))!.map(({ user }) => user))),
  ].sort();
  const random = createRandom(3, 'bootstrap');
  const drawn = Array.from({ length: 40 }, () => {
    const counts = new Map(users.map((user) => [user, 0]));
    for (const _ of users) {
      const user = users[random.integer(users.length)]!;
      counts.set(user, counts.get(user)! + 1);
    }
    const mean = (model: string) =>
      days.reduce((sum, day) => sum + auc(rows.get(key(day, model))!, (user) => counts.get(user)!), 0) / 2;
    return mean('updated') - mean('stale');
  }).sort((a, b) => a - b);
  const interval = (await pairedDifferences(input(40)))[0]!.interval!;
  const quantile = (q: number) => {
    const at = q * 39;
    return drawn[Math.floor(at)]! + (at % 1) * (drawn[Math.floor(at) + 1]! - drawn[Math.floor(at)]!);
  };
  expect(interval.low).toBeCloseTo(quantile(0.025), 6);
  expect(interval.high).toBeCloseTo(quantile(0.975), 6);
});

test('models that share the file of a day differ on the others alone', async () => {
  const shared = {
    ...input(0),
    fileOf: (day: string, model: string) => fileOf(day, day === days[0] ? 'updated' : model),
  };
  const [stale] = await pairedDifferences(shared);
  const of = (model: string) => auc(rows.get(key(days[1]!, model))!, () => 1);
  expect(stale!.difference).toBeCloseTo((of('updated') - of('stale')) / 2, 6);
  expect(stale!.interval).toBeNull();
});

test('nothing is left beside the predictions, of a failure neither', async () => {
  const before = await readdir(folder);
  await pairedDifferences(input(5));
  const notParquet = join(folder, 'broken');
  await writeFile(notParquet, 'x');
  const failing = pairedDifferences({ ...input(5), fileOf: () => notParquet });
  await expect(failing).rejects.toThrow('broken');
  await rm(notParquet);
  expect(await readdir(folder)).toEqual(before);
});

test('without the updated model, or before the first day, there is nothing to set against', async () => {
  expect(await pairedDifferences({ ...input(5), models: ['stale'] })).toEqual([]);
  expect(await pairedDifferences({ ...input(5), days: [] })).toEqual([]);
});

test('a model whose predictions of a day are gone is left out, and without those of updated there is nothing', async () => {
  const without = (gone: string) => ({
    ...input(5),
    fileOf: (day: string, model: string) =>
      model === gone && day === days[1] ? join(folder, 'gone.parquet') : fileOf(day, model),
  });
  expect((await pairedDifferences(without('stale'))).map(({ against }) => against)).toEqual(['retrained']);
  expect(await pairedDifferences(without('updated'))).toEqual([]);
});
