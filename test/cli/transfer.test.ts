/** A transfer in a tiny world, from its YAML to its report: what is done stays, and what does not fit is refused in time. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TransferResult } from '../../src/experiments/transfer-result.js';
import { describeCheckpoint } from '../../src/model/checkpoint.js';
import type { StartRecord } from '../../src/training/start.js';
import type { TrainingState } from '../../src/training/training-state.js';
import { runMain } from './collect-output.js';

const configs = new URL('../../configs', import.meta.url).pathname;

let folder: string;

const base = () => `
extends: ${configs}/quickstart.yaml
name: tiny
data: { root: ${folder}/log }
features:
  ranking: null
  query: null
  user: { scenario: { tasks: [ctr] } }
entities: null
split: { trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2 }
tasks: { l2r: null, fifp: null, spp: null, ctr: { query: none } }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 10 }
train: { epochs: 1, batchRequests: 32 }
eval: { bootstrapSamples: 5 }
preprocess: { folder: ${folder}/prepared }
run: { folder: ${folder}/runs }
`;

const known = `
name: known
base: base.yaml
task: ppp
train: { validationsPerEpoch: 4, batchRequests: 16 }
`;

/** A task about shops, whose log has items that the base never saw. */
const added = `
name: added
base: base.yaml
task: spp
strategies: [fine-tune]
add:
  data: { log: { files: [events.csv.gz, more.csv] } }
  entities:
    shop:
      units: 8
      table: { files: shops.csv.gz }
      fields: { shop: {}, style: { shares: tags }, tier: { size: 4 } }
  tasks:
    spp: { kind: binary, candidate: shop, samples: { files: shop_samples.csv.gz } }
train: { validationsPerEpoch: 4, batchRequests: 16 }
`;

const STRATEGIES = ['retrain-single', 'retrain-all', 'representation', 'fine-tune'] as const;
const RUNS = ['base-seed1', ...STRATEGIES.map((strategy) => `${strategy}-seed1`)];

async function json(command: string, yaml: string, ...rest: string[]) {
  const output = await runMain([command, '-c', join(folder, yaml), '--json', ...rest]);
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  return JSON.parse(output.stdout);
}

const transfer = (yaml: string, ...rest: string[]): Promise<TransferResult> =>
  json('transfer', yaml, ...rest);

async function refusal(command: string, yaml: string, ...rest: string[]): Promise<string> {
  const output = await runMain([command, '-c', join(folder, yaml), '--log-level', 'silent', ...rest]);
  expect([output.code, output.stdout]).toEqual([2, '']);
  return output.stderr;
}

const path = (...parts: string[]) => join(folder, 'runs', ...parts);
const readJson = async (...parts: string[]) => JSON.parse(await readFile(path(...parts), 'utf8'));
const set = (...pairs: string[]) => pairs.flatMap((pair) => ['--set', pair]);

/** When each run was last trained. */
async function times(of: string, runs: readonly string[] = RUNS): Promise<Record<string, number>> {
  const file = 'checkpoints/last/checkpoint.json';
  const entries = runs.map(async (run) => [run, (await stat(path(of, run, file))).mtimeMs] as const);
  return Object.fromEntries(await Promise.all(entries));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-transfer-cli-'));
  const size = ['--users', '60', '--days', '6', '--json'];
  expect((await runMain(['generate', '--out', join(folder, 'log'), ...size])).code).toBe(0);
  const more = Array.from(
    { length: 40 },
    (_, at) =>
      `u0000${10 + (at % 20)},2026-01-07 08:${10 + at}:00,click,search,,watch,new${at % 2},s9,b9,odd/odd,fresh,9`,
  );
  const header =
    'user_id,time,behavior,scenario,query,device,item_id,shop_id,brand_id,category_id,tags,price';
  await writeFile(join(folder, 'log/more.csv'), `${[header, ...more].join('\n')}\n`);
  for (const [name, text] of Object.entries({ base: base(), known, added })) {
    await writeFile(join(folder, `${name}.yaml`), text);
  }
});

describe.sequential('dupn transfer of a task of the base', () => {
  it('prepares, trains the base and every strategy, and reports', async () => {
    const result = await transfer('known.yaml');
    expect(result).toMatchObject({
      name: 'known',
      folder: path('known'),
      task: 'ppp',
      measure: 'macroAuc',
      seeds: [1],
      fractions: [1],
      bases: [{ seed: 1, run: path('known/base-seed1'), tasks: ['ctr'] }],
    });
    expect(Object.keys(result.strategies)).toEqual([...STRATEGIES]);
    for (const strategy of STRATEGIES) {
      const { final, curve, runs } = result.strategies[strategy]!;
      expect(final).toBeGreaterThan(0);
      expect(curve.length).toBeGreaterThanOrEqual(4);
      expect(curve[0]).toMatchObject({ step: 0, samples: 0 });
      for (const [at, { step, seconds, auc }] of curve.entries()) {
        expect(auc).toBeGreaterThan(0);
        if (at > 0) expect(step).toBeGreaterThan(curve[at - 1]!.step);
        if (at > 0) expect(seconds).toBeGreaterThanOrEqual(curve[at - 1]!.seconds);
      }
      expect(runs.map(({ run }) => run)).toEqual([path('known', `${strategy}-seed1`)]);
      const { known } = runs[0]!;
      expect(known!.samples).toBeGreaterThan(known!.users);
      expect(known!.standardError).toBeGreaterThan(0);
      expect(known!.standardError).toBeLessThan(0.5);
    }
    // Where nothing is learned yet, the base and the tower are those of both.
    const { representation, 'fine-tune': tuned, 'retrain-single': single } = result.strategies;
    expect(representation!.curve[0]!.auc).toBeCloseTo(tuned!.curve[0]!.auc, 6);
    expect(tuned!.curve.map(({ step }) => step)).toEqual(single!.curve.map(({ step }) => step));
    expect(await readdir(join(folder, 'prepared'))).toEqual(['tiny']);
    const files = (await readdir(path('known'))).filter((name) => !name.startsWith('.'));
    expect(files).toEqual(
      expect.arrayContaining([...RUNS, 'transfer.json', 'transfer.md', 'transfer.html', 'curves-steps.svg']),
    );
    expect(await readJson('known/transfer.json')).toEqual(result);
    expect(await readFile(path('known/transfer.md'), 'utf8')).toContain('| fine-tune |');
  });

  it('chooses the weights of each strategy by the new task alone', async () => {
    for (const strategy of STRATEGIES) {
      const text = await readFile(path('known', `${strategy}-seed1`, 'metrics.jsonl'), 'utf8');
      const records = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const validations = records.filter(({ type }) => type === 'validation');
      expect(validations.length).toBeGreaterThanOrEqual(3);
      const measured = validations.flatMap((record) =>
        Object.keys(record).filter((key) => key.includes('[')),
      );
      expect(new Set(measured)).toEqual(new Set(['macroAuc[ppp]']));
      const trained = records.filter(({ type }) => type === 'train').map((record) => 'loss[ctr]' in record);
      expect(trained.includes(true)).toBe(strategy === 'retrain-all');
    }
  });

  it('leaves ordinary runs, whose evaluation agrees with the curve', async () => {
    const { strategies } = (await readJson('known/transfer.json')) as TransferResult;
    for (const strategy of ['representation', 'fine-tune'] as const) {
      const { metrics } = await json('eval', `runs/known/${strategy}-seed1/config.resolved.yaml`);
      expect(metrics['macroAuc[ppp]'], strategy).toBeCloseTo(strategies[strategy]!.final, 6);
    }
    const tuned: StartRecord = await readJson('known/fine-tune-seed1/start.json');
    expect(tuned).toMatchObject({
      run: path('known/base-seed1'),
      grown: {},
      layers: { factor: 1, freeze: {} },
    });
    expect(tuned.created.every((name) => name.startsWith('tasks/ppp/'))).toBe(true);
    expect(tuned.skipped).toEqual(expect.arrayContaining(['tasks/ctr/0/kernel', 'candidate/item/kernel']));
  });

  it('does not train again what is trained', async () => {
    const before = await times('known');
    const result = await transfer('known.yaml');
    expect(await times('known')).toEqual(before);
    expect(result).toEqual(await readJson('known/transfer.json'));
  });

  it('goes on where it was stopped', async () => {
    const before = await times('known');
    const results = (await readJson('known/transfer.json')) as TransferResult;
    // A run of an earlier version has no standard error: that is measured, and nothing trained.
    await rm(path('known/retrain-all-seed1/known.json'));
    await rm(path('known/fine-tune-seed1/checkpoints'), { recursive: true });
    await rm(path('known/representation-seed1'), { recursive: true });
    const result = await transfer('known.yaml');
    const after = await times('known');
    for (const run of RUNS.slice(0, 3)) expect([run, after[run]]).toEqual([run, before[run]]);
    for (const strategy of ['representation', 'fine-tune'] as const) {
      const aucs = ({ strategies }: TransferResult) =>
        strategies[strategy]!.curve.map(({ step, samples, auc }) => ({ step, samples, auc }));
      expect(aucs(result)).toEqual(aucs(results));
    }
    expect(result.strategies['retrain-all']).toEqual(results.strategies['retrain-all']);
  });

  it('refuses other settings of the runs that it finds, until it is forced', async () => {
    const changed = set('fineTune.learningRateFactor=0.5');
    expect(await refusal('transfer', 'known.yaml', ...changed)).toMatch(
      /^Cannot go on with the run in .*fine-tune-seed1: it started otherwise\n {2}layers: was .*"factor":1.*, now .*"factor":0\.5/,
    );
    expect(await refusal('transfer', 'known.yaml', ...set('train.epochs=2'))).toMatch(
      /^Cannot take over the run in .*retrain-single-seed1: .*\n {2}train\.epochs: was 1, now 2\n/,
    );
    const before = await times('known');
    await transfer('known.yaml', ...changed, '--force', ...set('strategies=[fine-tune]'));
    const after = await times('known');
    expect(after['fine-tune-seed1']).toBeGreaterThan(before['fine-tune-seed1']!);
    expect(after['base-seed1']).toBeGreaterThan(before['base-seed1']!);
    expect(after['retrain-all-seed1']).toBe(before['retrain-all-seed1']);
    expect(await readJson('known/fine-tune-seed1/start.json')).toMatchObject({ layers: { factor: 0.5 } });
  });

  it('learns from a share, with the curve of as many steps', async () => {
    const result = await transfer(
      'known.yaml',
      ...set('name=shares', 'fractions=[1, 0.2]', 'strategies=[retrain-single, fine-tune]'),
    );
    for (const { fractions } of Object.values(result.strategies)) {
      expect(fractions.map(({ fraction }) => fraction)).toEqual([0.2, 1]);
      const [part, whole] = fractions.map(({ curve }) => curve.map(({ step }) => step));
      expect(part).toEqual(whole);
    }
    expect(existsSync(path('shares/fine-tune-0.2-seed1/start.json'))).toBe(true);
  });
});

describe.sequential('dupn transfer with data of its own', () => {
  const rowsOf = async (run: string) => {
    const { shape } = await describeCheckpoint<TrainingState>(path(run, 'checkpoints/best'));
    return Object.fromEntries(
      [...shape.itemFields, ...shape.userFields].map(({ table, rows }) => [table, rows]),
    );
  };

  it('gives new values rows of their own, or none, as it is told', async () => {
    for (const vocabularies of ['grow', 'fixed']) {
      const name = `added-${vocabularies}`;
      const { bases, strategies } = await transfer(
        'added.yaml',
        ...set(`name=${name}`, `vocabularies=${vocabularies}`, `baseRun=${path('known/base-seed1')}`),
      );
      expect(bases[0]!.run).toBe(path('known/base-seed1'));
      expect(strategies['fine-tune']!.curve.length).toBeGreaterThanOrEqual(4);
      const start: StartRecord = await readJson(name, 'fine-tune-seed1/start.json');
      const [there, here] = [await rowsOf('known/base-seed1'), await rowsOf(`${name}/fine-tune-seed1`)];
      const grown = Object.keys(there).filter((table) => here[table]! > there[table]!);
      if (vocabularies === 'fixed') {
        expect(here).toEqual(there);
        expect(start.grown).toEqual({});
      } else {
        expect(grown).toEqual(expect.arrayContaining(['item/item']));
        expect(start.grown).toEqual(Object.fromEntries(grown.map((table) => [table, there[table]])));
      }
      expect(start.created).toEqual(
        expect.arrayContaining(['candidate/shop/kernel', 'tasks/spp/0/kernel', 'shop/tier']),
      );
    }
    expect((await readdir(join(folder, 'prepared'))).sort()).toEqual([
      'tiny',
      'tiny-added-fixed',
      'tiny-added-grow',
    ]);
  });

  it('is refused where nothing can be measured, before anything is trained', async () => {
    const samples = join(folder, 'log/early.csv');
    await writeFile(samples, 'user_id,time,shop_id,label\nu000001,2026-01-07 12:00:00,s0001,1\n');
    const early = set('name=early', 'add.tasks.spp.samples.files=early.csv');
    expect(await refusal('transfer', 'added.yaml', ...early)).toBe(
      'Cannot transfer: required training samples of spp, and samples of two classes in the validation and in the evaluation part, ' +
        'got samples of so many classes: 1 for training, 0 for validation, 0 for evaluation; ' +
        'a larger split.validationUsers gives a larger validation part\n',
    );
    expect(existsSync(path('early'))).toBe(false);
  });

  it('does not take over runs that were trained on other vocabularies', async () => {
    const message = await refusal(
      'transfer',
      'added.yaml',
      ...set('name=added-grow', 'vocabularies=fixed', `baseRun=${path('known/base-seed1')}`),
    );
    expect(message).toMatch(
      /^Cannot take over the run in .*added-grow.fine-tune-seed1: it was trained on other prepared data\n {2}itemFields\.0\.rows is /,
    );
  });
});

describe.sequential('a base that does not fit', () => {
  const nothingIn = (name: string) => expect(existsSync(path(name))).toBe(false);

  beforeAll(async () => {
    const train = async (yaml: string, ...pairs: string[]) => {
      const sets = set(...pairs, 'train.epochs=1');
      await json('preprocess', yaml, ...sets);
      await json('train', yaml, ...sets);
    };
    await train('base.yaml', 'features.item.item.size=20', 'train.tasks=[ctr]', 'name=wide', 'run.name=wide');
    await train(
      'base.yaml',
      'split.trainingFrom=2026-01-08',
      'features.item.item.minCount=4',
      'name=late',
      'run.name=late',
      'train.tasks=[ctr]',
    );
    await train('base.yaml', 'run.name=both');
    await train('base.yaml', 'run.name=prices', 'train.tasks=[ppp]');
  });

  it.each([
    ['wide', /its weight `lstm\/item` is \[\d+, 32\], that of this model \[\d+, 32\]/],
    [
      'late',
      /`item\/item` was trained on a vocabulary of \d+ rows that the \d+ rows of the prepared data do not begin with/,
    ],
    ['both', /expected a base that has not learned ppp, got one that has/],
    ['nowhere', /expected trained weights in .*nowhere.checkpoints.best, got none/],
  ])('is refused before anything is made: %s', async (run, message) => {
    const refused = await refusal('transfer', 'known.yaml', ...set(`name=on-${run}`, `baseRun=${path(run)}`));
    expect(refused).toMatch(message);
    expect(refused.trim().split('\n')).toHaveLength(1);
    nothingIn(`on-${run}`);
  });

  it('is refused by the layers that it does not have', async () => {
    const typo = set('name=typo', 'fineTune={freeze: {lstn: always}}');
    expect(await refusal('transfer', 'known.yaml', ...typo)).toMatch(
      /^Cannot freeze `lstn`: expected a weight or/,
    );
    nothingIn('typo');
  });

  it('is refused for a representation that depends on the candidate', async () => {
    await writeFile(
      join(folder, 'asking.yaml'),
      'extends: base.yaml\ntasks: { ctr: { query: candidate } }\n',
    );
    const asking = [`base=${join(folder, 'asking.yaml')}`, 'task=ctr', 'name=asking'];
    const message = /representation expected a task whose representation does not depend on the candidate/;
    expect(await refusal('transfer', 'known.yaml', ...set(...asking))).toMatch(message);
    const given = set(...asking, `baseRun=${path('prices')}`);
    expect(await refusal('transfer', 'known.yaml', ...given)).toMatch(message);
    nothingIn('asking');
  });

  it('is refused where its weights have changed since', async () => {
    const train = (seed: number) =>
      json(
        'train',
        'base.yaml',
        '--force',
        ...set('train.tasks=[ctr]', 'run.name=given', `train.seed=${seed}`),
      );
    const onGiven = set('name=on-given', `baseRun=${path('given')}`, 'strategies=[fine-tune]');
    await train(1);
    await transfer('known.yaml', ...onGiven);
    await train(2);
    expect(await refusal('transfer', 'known.yaml', ...onGiven)).toMatch(
      /^Cannot go on with the run in .*fine-tune-seed1: it started otherwise\n {2}the weights of .*given have changed since\n/,
    );
  });

  it('is refused where the folder is that of a run', async () => {
    expect(await refusal('transfer', 'known.yaml', ...set('name=both'))).toMatch(
      /runs\/both: expected a new folder or that of a transfer, got a run;/,
    );
  });
});

describe.sequential('dupn train --from', () => {
  const own = set('train.tasks=[ppp]', 'run.name=next');
  const read = async (run: string) => {
    const { state } = await describeCheckpoint<TrainingState>(path(run, 'checkpoints/last'));
    return state;
  };

  it('starts from the best weights of a run, by its name or its folder', async () => {
    const { best } = await read('known/base-seed1');
    await json('train', 'base.yaml', ...own, '--from', path('known/base-seed1'));
    expect(await readJson('next/start.json')).toMatchObject({
      run: path('known/base-seed1'),
      layers: null,
      step: best!.step,
    });
    expect((await read('next')).earlierSteps).toBe(best!.step);
    await json('train', 'base.yaml', ...set('train.tasks=[ctr]', 'run.name=third'), '--from', 'next');
    expect((await read('third')).earlierSteps).toBe(best!.step + (await read('next')).best!.step);
    expect(await readJson('third/start.json')).toMatchObject({ run: path('next') });
  });

  it('goes on as it started, also where it was stopped before its first checkpoint', async () => {
    const whole = await read('next');
    await rm(path('next/checkpoints'), { recursive: true });
    await rm(path('next/metrics.jsonl'));
    await json('train', 'base.yaml', ...own, '--resume');
    const again = await read('next');
    expect([again.step, again.earlierSteps, again.best]).toEqual([
      whole.step,
      whole.earlierSteps,
      whole.best,
    ]);
    await json('train', 'base.yaml', ...own, '--resume', '--from', `${path('known/base-seed1')}/`);
    expect(await refusal('train', 'base.yaml', ...own, '--resume', '--from', 'both')).toMatch(
      /^Cannot go on with the run in .*next: it started otherwise\n {2}from: was .*base-seed1, now .*both\n/,
    );
    expect(await refusal('train', 'base.yaml', ...own, '--from', 'both')).toMatch(/it holds one already/);
  });

  it('leaves the folder as it is where the base does not fit', async () => {
    const before = await times('.', ['next']);
    expect(await refusal('train', 'base.yaml', ...own, '--from', 'wide', '--force')).toMatch(
      /^Cannot start from .*wide.checkpoints.best: its weight `lstm\/item` is/,
    );
    expect(await refusal('train', 'base.yaml', ...own, '--from', 'nowhere', '--force')).toMatch(
      /^Cannot start from .*nowhere: expected trained weights/,
    );
    expect(await refusal('train', 'base.yaml', ...own, '--from', 'next', '--force')).toMatch(
      /^Cannot start from .*next: expected another run than the one that is trained, got the same/,
    );
    expect(await times('.', ['next'])).toEqual(before);
    const fresh = set('train.tasks=[ppp]', 'run.name=fresh');
    expect(await refusal('train', 'base.yaml', ...fresh, '--from', 'wide')).toMatch(/^Cannot start from/);
    expect(existsSync(path('fresh'))).toBe(false);
  });
});
