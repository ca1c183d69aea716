import { mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { dayAfter, loadBacktest } from '../../src/config/load-backtest.js';
import { retrainedConfig, startConfig, updateConfig } from '../../src/experiments/backtest-configs.js';

const BASE = `name: shop
data: { log: { files: events.csv } }
features: { item: { item: { size: 8 } } }
split: { trainingFrom: 2026-01-02, evaluationLastDays: 1 }
tasks:
  ctr: { kind: binary, samples: { files: ctr.csv } }
train: { epochs: 3 }
run: { folder: elsewhere }
`;

const BACKTEST = `name: daily
base: shop.yaml
from: 2026-01-31
days: 2
seed: 4
update: { epochs: 1 }
`;

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dupn-backtest-')));
  await writeFile(join(folder, 'shop.yaml'), BASE);
});

async function load(text: string, set: readonly string[] = []) {
  const file = join(folder, 'daily.yaml');
  await writeFile(file, text);
  return loadBacktest(file, { set });
}

/** The lines under the heading of the error, with the folder taken out of them. */
async function problemsIn(text: string): Promise<string[]> {
  const error = await load(text).then(
    () => null,
    (thrown: Error) => thrown,
  );
  const [, ...lines] = error!.message.split('\n');
  return lines.map((line) => line.trim().replaceAll(/[^ ]*dupn-backtest-\w+\//g, ''));
}

describe('a backtest that holds', () => {
  it('names its days, and where it goes', async () => {
    const backtest = await load(BACKTEST);
    expect(backtest).toMatchObject({
      name: 'daily',
      folder: 'elsewhere/daily',
      days: ['2026-01-31', '2026-02-01'],
      models: ['updated', 'stale', 'retrained'],
      seed: 4,
    });
    expect((await load(BACKTEST, ['run.name=other', 'days=1'])).folder).toBe('elsewhere/other');
  });

  it('starts from the days before the first one, adds one after the other, and trains anew beside them', async () => {
    const backtest = await load(BACKTEST);
    const start = startConfig(backtest);
    expect(start).toMatchObject({
      name: 'shop-daily',
      data: { log: { to: '2026-01-31' } },
      split: { trainingFrom: '2026-01-02', evaluationFrom: '2026-01-31', evaluationTo: '2026-02-01' },
      train: { epochs: 3, seed: 4 },
      run: { folder: 'elsewhere/daily', name: 'start' },
    });
    expect(start.split).not.toHaveProperty('evaluationLastDays');
    expect(updateConfig(backtest, 1)).toMatchObject({
      name: 'shop-daily',
      data: { log: { to: '2026-02-02' } },
      train: { epochs: 1, seed: 4 },
      run: { name: 'updated-2026-02-01' },
    });
    expect(retrainedConfig(backtest, 1)).toMatchObject({
      name: 'shop-daily-2026-02-01',
      data: { log: { to: '2026-02-02' } },
      split: { evaluationFrom: '2026-02-01', evaluationTo: '2026-02-02' },
      train: { epochs: 3, seed: 4 },
      run: { name: 'retrained-2026-02-01' },
    });
  });
});

it('goes on over the end of a leap February', () => {
  expect(dayAfter('2024-02-28', 1)).toBe('2024-02-29');
  expect(dayAfter('2024-02-28', 2)).toBe('2024-03-01');
});

describe('a backtest that does not hold', () => {
  it('says where and why', async () => {
    const text = BACKTEST.replace('2026-01-31', '2026-01-31 08:00')
      .replace('epochs: 1', 'epochs: 1, seed: 2')
      .concat('models: [stale, stale]\n');
    expect(await problemsIn(text)).toEqual([
      'daily.yaml:3:7 from: expected a day, such as 2026-01-15, got 2026-01-31 08:00',
      'daily.yaml:6:28 update.seed: expected none: all runs have the seed and the tasks of the backtest',
      'daily.yaml:7:1 models: expected distinct models, got stale, stale',
    ]);
    expect((await problemsIn(BACKTEST.replace('days', 'day'))).join('\n')).toContain('did you mean `days`');
    expect((await problemsIn(BACKTEST.replace('epochs', 'epoch'))).join('\n')).toContain('train.epoch');
    expect((await problemsIn(BACKTEST.replace('shop', 'chop'))).join('\n')).toContain(
      'there is no such file',
    );
  });
});

describe('labels that come from the log', () => {
  const labels = 'labels: { positives: { action: [buy] }, within: 1d }';
  const derived = () => BASE.replace('samples: { files: ctr.csv }', `samples: { files: ctr.csv }, ${labels}`);

  it('are not measured with the retrained model, which would have other samples', async () => {
    await writeFile(join(folder, 'shop.yaml'), derived());
    expect(await problemsIn(BACKTEST)).toEqual([
      'daily.yaml:1:1 models: expected no retrained: the labels of ctr come from the log, and it would be measured on other samples ' +
        'than the models that learn day by day; leave it out, as in models: [updated, stale]',
    ]);
    expect(await load(`${BACKTEST}models: [updated]\n`)).toMatchObject({ models: ['updated'] });
  });

  it('are of no account where the task is not trained', async () => {
    const other = '  cvr: { kind: binary, samples: { files: cvr.csv } }\ntrain: { tasks: [cvr], ';
    await writeFile(join(folder, 'shop.yaml'), derived().replace('train: { ', other));
    expect((await load(BACKTEST)).models).toContain('retrained');
  });
});
