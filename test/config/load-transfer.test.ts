import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { loadTransfer } from '../../src/config/load-transfer.js';

const BASE = `name: shop
data: { log: { files: events.csv } }
features: { item: { item: { size: 8 } } }
split: { evaluationFrom: 2016-10-20 }
tasks:
  ctr: { kind: binary, samples: { files: ctr.csv } }
  buy: { kind: binary, query: candidate, samples: { files: buy.csv } }
  level: { kind: multiclass, classes: 3, samples: { files: level.csv } }
train: { epochs: 3 }
run: { folder: elsewhere }
`;

const TRANSFER = `name: newcomer
base: base/shop.yaml
task: level
strategies: [retrain-single, fine-tune]
seeds: [1, 2]
fractions: [1, 0.1]
`;

const ADDED = `name: newcomer
base: base/shop.yaml
task: follow
add:
  entities: { seller: { units: 4, table: { files: sellers.csv }, fields: { seller: { size: 4 } } } }
  tasks: { follow: { kind: binary, candidate: seller, samples: { files: follows.csv } } }
train: { validationsPerEpoch: 4 }
`;

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dupn-transfer-yaml-')));
  await write('base/shop.yaml', BASE);
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** The lines under the heading of the error, with the folder taken out of them. */
async function problemsIn(text: string, set: readonly string[] = []): Promise<string[]> {
  const error = await loadTransfer(await write('t.yaml', text), { set }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  const [, ...lines] = (error as UserError).message.split('\n');
  return lines.map((line) => line.trim().replaceAll(/[^ ]*dupn-transfer-yaml-\w+\//g, ''));
}

describe('a transfer that holds', () => {
  it('of a task of the base uses the data of the base', async () => {
    const transfer = await loadTransfer(await write('t.yaml', TRANSFER));
    expect(transfer).toMatchObject({
      name: 'newcomer',
      folder: 'elsewhere/newcomer',
      task: 'level',
      baseRun: null,
      baseTasks: ['ctr', 'buy'],
      strategies: ['retrain-single', 'fine-tune'],
      seeds: [1, 2],
      fractions: [0.1, 1],
      vocabularies: 'grow',
      fineTune: { learningRateFactor: 1, freeze: {} },
      hasOwnData: false,
    });
    expect(transfer.whole).toEqual(transfer.base);
    expect(transfer.base).toMatchObject({ name: 'shop', train: { epochs: 3 } });
    expect(transfer.base.data.root).toBe(join(folder, 'base'));
  });

  it('adds a task with its entity, and names the data that is prepared for it', async () => {
    const transfer = await loadTransfer(await write('t.yaml', ADDED));
    expect(transfer).toMatchObject({ hasOwnData: true, fractions: [1], seeds: [1] });
    expect(transfer.strategies).toEqual(['retrain-single', 'retrain-all', 'representation', 'fine-tune']);
    expect(transfer.base).toMatchObject({ name: 'shop', train: { validationsPerEpoch: 1 } });
    expect(Object.keys(transfer.base.tasks)).toEqual(['ctr', 'buy', 'level']);
    expect(transfer.whole).toMatchObject({
      name: 'shop-newcomer',
      train: { validationsPerEpoch: 4, epochs: 3 },
    });
    expect(Object.keys(transfer.whole.tasks)).toEqual(['ctr', 'buy', 'level', 'follow']);
    expect(transfer.whole.entities.seller!.units).toBe(4);
    expect(transfer.whole.data.root).toBe(join(folder, 'base'));
  });

  it('trains the strategies otherwise than the base', async () => {
    const text = `${TRANSFER}train: { epochs: 1, learningRate: 0.01 }\n`;
    const { base, whole } = await loadTransfer(await write('t.yaml', text));
    expect(base.train).toMatchObject({ epochs: 3, learningRate: 0.001 });
    expect(whole.train).toMatchObject({ epochs: 1, learningRate: 0.01 });
  });

  it('takes a given base, layers and a place of its own', async () => {
    const text = `${TRANSFER}baseRun: runs/shop
fineTune: { learningRateFactor: 0.1, freeze: { lstm: 1.5, item/item: always } }
run: { folder: there, name: mine }
`;
    expect(await loadTransfer(await write('t.yaml', text))).toMatchObject({
      baseRun: 'runs/shop',
      fineTune: { learningRateFactor: 0.1, freeze: { lstm: 1.5, 'item/item': 'always' } },
      folder: 'there/mine',
    });
  });

  it('takes --set for its own keys, and the root of the data from the environment', async () => {
    const transfer = await loadTransfer(await write('t.yaml', ADDED), {
      set: [
        'seeds=[7]',
        'train.epochs=9',
        'run.name=other',
        'add.entities.seller.units=6',
        'vocabularies=fixed',
      ],
      env: { DUPN_DATA_ROOT: '/data' },
    });
    expect(transfer).toMatchObject({ seeds: [7], vocabularies: 'fixed', folder: 'elsewhere/other' });
    expect(transfer.whole).toMatchObject({
      train: { epochs: 9 },
      entities: { seller: { units: 6 } },
      data: { root: '/data' },
    });
    expect(transfer.base.data.root).toBe('/data');
  });
});

describe('problems', () => {
  it('of its own keys are reported with position and suggestion', async () => {
    const text = `name: newcomer
base: base/shop.yaml
taks: level
task: level
seeds: [1.5]
fractions: [0, 2]
strategies: [finetune]
vocabularies: growing
fineTune: { factor: 2, learningRateFactor: 2, freeze: { lstm: often } }
run: { nam: x }
`;
    expect(await problemsIn(text)).toEqual([
      't.yaml:3:1 taks: unknown key, did you mean `task`?',
      't.yaml:5:9 seeds.0: expected a whole number, got 1.5',
      't.yaml:6:13 fractions.0: expected a number above 0, got 0',
      't.yaml:6:16 fractions.1: expected a number at most 1, got 2',
      't.yaml:7:14 strategies.0: expected one of retrain-single, retrain-all, representation, fine-tune, got "finetune", did you mean `fine-tune`?',
      't.yaml:8:15 vocabularies: expected one of fixed, grow, got "growing"',
      't.yaml:9:13 fineTune.factor: unknown key',
      't.yaml:9:44 fineTune.learningRateFactor: expected a number at most 1, got 2',
      't.yaml:9:63 fineTune.freeze.lstm: expected a number or always, got "often"',
      't.yaml:10:8 run.nam: unknown key, did you mean `name`?',
    ]);
  });

  it('of the base and of what is added come where they stand', async () => {
    expect(await problemsIn(ADDED.replace('candidate: seller', 'candidat: seller'))).toEqual([
      't.yaml:6:36 tasks.follow.candidat: unknown key, did you mean `candidate`?',
    ]);
    expect(await problemsIn(TRANSFER.replace('seeds', 'train: { epoch: 1 }\nseeds'))).toEqual([
      't.yaml:5:10 train.epoch: unknown key, did you mean `epochs`?',
    ]);
    await write('base/shop.yaml', `${BASE}modl: {}\n`);
    expect(await problemsIn(ADDED)).toEqual(['base/shop.yaml:11:1 modl: unknown key, did you mean `model`?']);
  });

  it.each([
    ['seeds: [1, 2]', 'seeds: [3, 3]', 't.yaml:5:1 seeds: expected distinct values, got 3 twice'],
    ['[1, 0.1]', '[0.1, 1, 0.1]', 't.yaml:6:1 fractions: expected distinct values, got 0.1 twice'],
    [
      '[retrain-single, fine-tune]',
      '[fine-tune, fine-tune]',
      't.yaml:4:1 strategies: expected distinct values, got fine-tune twice',
    ],
    [
      'seeds: [1, 2]',
      'train: { seed: 3, tasks: [ctr] }',
      't.yaml:5:16 train.seed: expected none: the transfer gives the seeds and tasks of its runs',
      't.yaml:5:19 train.tasks: expected none: the transfer gives the seeds and tasks of its runs',
    ],
    [
      'task: level',
      'task: levle',
      't.yaml:3:7 task: expected a task of the base or of add.tasks (ctr, buy, level), got levle',
    ],
    [
      'seeds: [1, 2]',
      'add: { model: { units: 9 } }',
      't.yaml:5:1 add: expected none for a task that the base has, got some for level',
      't.yaml:5:8 add.model: expected what a task brings (tasks, entities, features, data): the rest is that of the base',
    ],
    [
      'task: level\nstrategies: [retrain-single, fine-tune]',
      'task: buy\nstrategies: [representation]',
      't.yaml:4:1 strategies: representation expected a task whose representation does not depend on the candidate (query: text or none), got query: candidate',
    ],
    [
      'base/shop.yaml',
      'base/gone.yaml',
      't.yaml:2:7 base: expected a YAML that can be read: Cannot read the config base/gone.yaml: there is no such file',
    ],
  ])('%j replaced by %j', async (from, to, ...problems) => {
    expect(await problemsIn(TRANSFER.replace(from, to))).toEqual(problems);
  });

  it('tells a config from an experiment', async () => {
    await expect(loadTransfer(join(folder, 'base/shop.yaml'))).rejects.toThrow(
      /expected an experiment, which names a config as its `base`, got a config itself/,
    );
  });

  it('of a base that never asked as the new task does', async () => {
    const base = BASE.replace('level: {', 'level: { query: text,')
      .replace('ctr: {', 'ctr: { query: text,')
      .replace('features: {', 'features: { query: {},');
    await write('base/shop.yaml', base);
    expect(await problemsIn(ADDED)).toEqual([
      't.yaml:1:1 strategies: representation expected a base that learned to represent a request with query: none, as the new task asks, got ctr: text, buy: candidate, level: text; leave it out: [retrain-single, retrain-all, fine-tune]',
    ]);
    const others = ADDED.replace('train:', 'strategies: [retrain-all, fine-tune]\ntrain:');
    expect((await loadTransfer(await write('t.yaml', others))).strategies).toHaveLength(2);
    // What a run was trained on is only known when it is read.
    expect((await loadTransfer(await write('t.yaml', `${ADDED}baseRun: runs/x\n`))).baseRun).toBe('runs/x');
  });

  it('of a base with no other task, and of one whose tasks are not all of its YAML', async () => {
    await write('base/shop.yaml', BASE.replace('train: {', 'train: { tasks: [level],'));
    expect(await problemsIn(TRANSFER)).toEqual([
      't.yaml:3:7 task: expected a base with another task than level, got one without',
    ]);
    expect(await problemsIn(ADDED)).toEqual([
      't.yaml:4:1 add: expected a base without train.tasks, whose tasks are all of its YAML',
    ]);
  });

  it('of a flag name it', async () => {
    expect(await problemsIn(TRANSFER, ['seeds=many'])).toEqual([
      '--set seeds=many seeds: expected a list, got "many"',
    ]);
    expect(await problemsIn(TRANSFER, ['train.epochs=0'])).toEqual([
      '--set train.epochs=0 train.epochs: expected a number above 0, got 0',
    ]);
  });

  it('of a base that extends the transfer are a circle', async () => {
    await write('base/shop.yaml', 'extends: ../t.yaml\n');
    const [problem] = await problemsIn(TRANSFER);
    expect(problem).toContain('expected files that do not extend each other in a circle');
  });
});
