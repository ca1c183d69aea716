/** Training that starts from an earlier run: what stays, what learns and how fast, and that a stop changes nothing. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Context, silentContext } from '../../src/common/context.js';
import type { Manifest } from '../../src/common/prepared.js';
import { loadConfig } from '../../src/config/load.js';
import type { Batch } from '../../src/dataset/batch.js';
import { BatchSource } from '../../src/dataset/batch-source.js';
import { tf } from '../../src/engine/tf.js';
import { describeCheckpoint, loadCheckpoint, saveCheckpoint } from '../../src/model/checkpoint.js';
import { representBatch } from '../../src/model/represent.js';
import { scoreBatch } from '../../src/model/score.js';
import { scoreBatches } from '../../src/model/score-batches.js';
import { modelShape } from '../../src/model/shape.js';
import { allVariables, initialWeights, type ModelWeights } from '../../src/model/weights.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { generateLog } from '../../src/synthetic/generate.js';
import { withDefaults } from '../../src/synthetic/options.js';
import { fit as trainModel } from '../../src/training/fit.js';
import type { LayerRules } from '../../src/training/layer-rates.js';
import { learningEnd } from '../../src/training/learned-days.js';
import { Optimizer } from '../../src/training/optimizer.js';
import { planFor } from '../../src/training/plans.js';
import { preparedKey } from '../../src/training/prepared-key.js';
import { openRunFolder, runPaths } from '../../src/training/run-folder.js';
import { readStart, type StartFrom, startOrGoOn } from '../../src/training/start.js';
import { stepOptions } from '../../src/training/step-options.js';
import { trainStep } from '../../src/training/steps.js';
import { storeRepresentations } from '../../src/training/stored-representations.js';
import { startState, type TrainingState } from '../../src/training/training-state.js';
import { validate } from '../../src/training/validation.js';
import { randomBatch, smallShape } from '../model/random-batch.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;
let world: string;
let manifest: Manifest;
let folder: string;

const configWith = (...set: string[]) =>
  loadConfig(quickstart, {
    set: [
      `data.root=${join(world, 'log')}`,
      'split={trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2}',
      'model={units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: {item: 8}, maxEvents: 20}',
      'entities.shop.units=8',
      'train.batchRequests=16',
      'train.patience=99',
      ...set,
    ],
  });

interface Work {
  readonly resume?: boolean;
  readonly layers?: LayerRules | null;
  readonly share?: number;
  /** Whether representations are kept. */
  readonly stored?: boolean;
  readonly context?: Context;
  /** False for an ordinary run. */
  readonly from?: boolean;
}

/** Trains the new task on the base. */
async function train(name: string, work: Work, ...set: string[]) {
  const { resume = false, layers = { factor: 1, freeze: {} }, share = 1, stored = false } = work;
  const runFolder = join(folder, name);
  await openRunFolder(runFolder, { resume, force: false });
  const from: StartFrom = { run: join(world, 'base'), layers };
  return trainModel({
    config: await configWith(
      'train.tasks=[spp]',
      'train.epochs=1',
      'train.validationsPerEpoch=3',
      'tasks.spp.weight=1',
      ...set,
    ),
    manifest,
    preparedFolder: join(world, 'prepared'),
    runFolder,
    context: work.context ?? silentContext,
    ...(work.from !== false && { from }),
    transfer: { task: 'spp', share, storeIn: stored ? join(folder, `${name}-stored`) : null },
  });
}

const FROZEN: LayerRules = { factor: 0, freeze: {} };

/** Throws after the n-th validation has been saved, as if the process had been killed there. */
function stopAfter(validations: number): Context {
  let left = validations;
  const info = (_: object, message: string) => {
    if (message === 'validation' && --left === 0) throw new Error('killed');
  };
  return { ...silentContext, logger: { ...silentContext.logger, info } };
}

/** Throws as soon as an epoch has begun: nothing is saved yet. */
const stopAtOnce: Context = {
  ...silentContext,
  progress: {
    start: (title) => {
      if (title.startsWith('epoch')) throw new Error('killed');
      return { update() {}, stop() {} };
    },
  },
};

/** Every variable of a checkpoint, by name. */
async function valuesOf(run: string, which: 'best' | 'last'): Promise<Map<string, number[]>> {
  const { weights } = await loadCheckpoint(join(run, runPaths[which]), null);
  const values = new Map(
    [...allVariables(weights)].map(([name, v]) => [name, [...v.readRows(0, v.shape[0]!)]]),
  );
  weights.dispose();
  return values;
}

const baseValues = () => valuesOf(join(world, 'base'), 'best');

/** The names of the weights that are others than those of the base; both have all of them. */
async function moved(name: string, which: 'best' | 'last' = 'last'): Promise<string[]> {
  const [base, now] = [await baseValues(), await valuesOf(join(folder, name), which)];
  const { copied } = (await readStart(join(folder, name)))!;
  return copied.filter((weight) => now.get(weight)!.join() !== base.get(weight)!.join());
}

const metricsOf = async (name: string) =>
  (await readFile(join(folder, name, runPaths.metrics), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => {
      const { seconds: _, ...record } = JSON.parse(line) as Record<string, number | string>;
      return record;
    });

async function batchesOf(split: 'training' | 'evaluation', length?: number): Promise<Batch[]> {
  const config = await configWith('train.tasks=[spp]');
  const source = new BatchSource(join(world, 'prepared'));
  const batches: Batch[] = [];
  const plan = planFor(config, split, null);
  for await (const batch of source.batches(length === undefined ? plan : { ...plan, maxEvents: length })) {
    batches.push(batch);
  }
  await source.close();
  return batches;
}

beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), 'dupn-transfer-'));
  await generateLog(join(world, 'log'), withDefaults({ users: 40, days: 6, seed: 2 }), silentContext);
  const preparedFolder = join(world, 'prepared');
  const config = await configWith('train.tasks=[fifp, ppp]', 'train.epochs=1');
  ({ manifest } = await preprocess({ config, folder: preparedFolder, force: false, context: silentContext }));
  const runFolder = join(world, 'base');
  await openRunFolder(runFolder, { resume: false, force: false });
  await trainModel({ config, manifest, preparedFolder, runFolder, context: silentContext });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-transfer-run-'));
});

test('a tower on a frozen representation leaves every weight of the base as it is, and says what the whole says', async () => {
  const { state } = await train('rep', { layers: FROZEN, stored: true }, 'train.epochs=2');
  const run = join(folder, 'rep');
  expect(await moved('rep', 'best')).toEqual([]);
  expect(await moved('rep', 'last')).toEqual([]);
  const record = (await readStart(run))!;
  const base = await describeCheckpoint<TrainingState>(join(world, 'base', runPaths.best));
  expect(record).toMatchObject({
    run: join(world, 'base'),
    step: base.state.step,
    layers: FROZEN,
    grown: {},
  });
  expect(record.copied).toEqual(expect.arrayContaining(['lstm/item', 'user/kernel', 'item/item']));
  expect(record.created).toEqual(
    expect.arrayContaining(['candidate/shop/kernel', 'tasks/spp/0/kernel', 'shop/tier']),
  );
  expect(record.skipped).toEqual(expect.arrayContaining(['tasks/ppp/0/kernel', 'candidate/icon/bias']));
  expect(state.earlierSteps).toBe(base.state.step);
  const config = await configWith('train.tasks=[spp]');
  const shape = modelShape(config, manifest);
  const fresh = initialWeights(shape, config.train.seed, config.model.embeddingDeviation);
  const now = await valuesOf(run, 'last');
  for (const [name, variable] of allVariables(fresh)) {
    if (record.copied.includes(name)) continue;
    expect(now.get(name)!.join(), name).not.toBe([...variable.readRows(0, variable.shape[0]!)].join());
  }
  fresh.dispose();

  const tensors = tf.memory().numTensors;
  const { weights } = await loadCheckpoint(join(run, runPaths.best), shape);
  const before = await loadCheckpoint(join(world, 'base', runPaths.best), null);
  const source = new BatchSource(join(world, 'prepared'));
  const input = {
    folder: join(folder, 'own'),
    key: { weights: 'these', prepared: 'those' },
    query: 'none',
    plan: { tasks: ['spp'], maxEvents: 20, batchRequests: 16 },
  } as const;
  const stored = await storeRepresentations(weights, source, input, silentContext);
  const whole = await batchesOf('evaluation');
  expect(whole.length).toBeGreaterThan(1);
  for (const batch of whole) {
    const representation = representBatch(weights, batch, 'none');
    expect(representation).toEqual(representBatch(before.weights, batch, 'none'));
    const read = tf.tidy(() => stored.read(batch).dataSync() as Float32Array);
    expect(read).toEqual(representation);
    expect(scoreBatch(weights, batch, { stored: stored.read })).toEqual(scoreBatch(weights, batch));
  }
  // Without histories, and in other batches, the same samples have the same logits.
  const bySample = (batches: readonly Batch[], score: (batch: Batch) => Record<string, Float32Array>) =>
    new Map(
      batches.flatMap((batch) => {
        const logits = score(batch).spp!;
        return [...batch.tasks.spp!.sample].map((sample, at) => [sample, logits[at]!] as const);
      }),
    );
  const expected = bySample(whole, (batch) => scoreBatch(weights, batch));
  const got = bySample(await batchesOf('evaluation', 0), (batch) =>
    scoreBatch(weights, batch, { stored: stored.read }),
  );
  expect(got.size).toBe(expected.size);
  for (const [sample, logit] of got) expect(logit).toBeCloseTo(expected.get(sample)!, 6);

  // Those of the same key are kept; other weights make them anew.
  const file = join(input.folder, 'representations.f32');
  const { mtimeMs } = await stat(file);
  (await storeRepresentations(weights, source, input, silentContext)).close();
  expect((await stat(file)).mtimeMs).toBe(mtimeMs);
  // So do files that have changed since.
  const bytes = await readFile(file);
  const flipped = Buffer.from(bytes);
  flipped[bytes.length >> 1]! ^= 1;
  await writeFile(file, flipped);
  (await storeRepresentations(weights, source, input, silentContext)).close();
  expect((await readFile(file)).equals(bytes)).toBe(true);
  const other = { ...input, key: { ...input.key, weights: 'others' } };
  (await storeRepresentations(weights, source, other, silentContext)).close();
  expect((await stat(file)).mtimeMs).not.toBe(mtimeMs);
  stored.close();
  await source.close();
  for (const owned of [weights, before.weights]) owned.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

test('representations that are kept change nothing that a frozen base learns without them', async () => {
  // One batch for each epoch, so that the order of requests within it is all that differs.
  const set = [
    'train.batchRequests=10000',
    'tasks.spp.tower.dropout=0',
    'train.validationsPerEpoch=1',
    'train.epochs=3',
  ];
  const kept = await train('kept', { layers: FROZEN, stored: true }, ...set);
  const whole = await train('whole', { layers: FROZEN }, ...set);
  expect(kept.state.step).toBe(3);
  expect(await moved('whole')).toEqual([]);
  expect(kept.state.best!.score).toBeCloseTo(whole.state.best!.score!, 5);
  const [a, b] = [
    await valuesOf(join(folder, 'kept'), 'last'),
    await valuesOf(join(folder, 'whole'), 'last'),
  ];
  const far = [...a].flatMap(([name, values]) => {
    const others = b.get(name)!;
    return values.some((value, at) => Math.abs(value - others[at]!) > 0.002) ? [name] : [];
  });
  expect(far).toEqual([]);
});

test('fine-tuning with nothing frozen moves every weight that the task reads', async () => {
  await train('tuned', {}, 'train.epochs=2');
  const { copied } = (await readStart(join(folder, 'tuned')))!;
  expect(await moved('tuned')).toEqual(copied);
});

test('frozen layers stay as they are while the others learn', async () => {
  await train('frozen', { layers: { factor: 1, freeze: { lstm: 'always', 'item/item': 'always' } } });
  const { copied } = (await readStart(join(folder, 'frozen')))!;
  const free = copied.filter((name) => !name.startsWith('lstm/') && name !== 'item/item');
  expect(free.length).toBeLessThan(copied.length - 3);
  for (const which of ['best', 'last'] as const) expect(await moved('frozen', which)).toEqual(free);
});

test('a layer that is frozen for an epoch learns from the next one on', async () => {
  const layers: LayerRules = { factor: 1, freeze: { lstm: 1, user: 1.5 } };
  await train('gradual', { layers });
  const still = (await moved('gradual')).filter((name) => /^(lstm|user)\//.test(name));
  expect(still).toEqual([]);
  await train('gradual', { layers, resume: true }, 'train.epochs=2');
  const names = await moved('gradual');
  expect(names).toEqual(expect.arrayContaining(['lstm/item', 'lstm/recurrent', 'user/kernel', 'user/bias']));
});

test('the factor scales the step of a weight, and that of its neighbours not', () => {
  const stepWith = (factor: number) => {
    const weights = initialWeights(smallShape, 1, 1);
    const optimizer = new Optimizer(weights, { learningRate: 0.01, tableLearningRate: 0.05 });
    const read = () =>
      new Map([...allVariables(weights)].map(([name, v]) => [name, v.readRows(0, v.shape[0]!)]));
    const before = read();
    const rateOf = (name: string) => (/^(lstm|item)\//.test(name) ? factor : 1);
    trainStep(weights, optimizer, randomBatch([4, 0, 2, 3]), 1, {
      ...{ taskWeights: {}, dropoutRates: {}, l2: 0, seed: 1 },
      rateOf,
    });
    const after = read();
    weights.dispose();
    optimizer.dispose();
    return new Map(
      [...before].map(([name, was]) => [name, after.get(name)!.map((value, at) => value - was[at]!)]),
    );
  };
  const [whole, tenth] = [stepWith(1), stepWith(0.1)];
  for (const [name, steps] of whole) {
    const factor = /^(lstm|item)\//.test(name) ? 0.1 : 1;
    steps.forEach((step, at) => {
      expect(tenth.get(name)![at], name).toBeCloseTo(factor * step, 6);
    });
  }
});

test.each([
  ['fine-tune', { layers: { factor: 0.5, freeze: { user: 1 } } }],
  ['representation', { layers: FROZEN, stored: true }],
  ['retrain-single', { from: false }],
] as const)(
  'a run that was stopped and goes on equals the uninterrupted one bit for bit: %s',
  async (_, work) => {
    const set = ['train.epochs=2'];
    const whole = await train('whole', { ...work, share: 0.5 }, ...set);
    const parts = { ...work, share: 0.5 };
    await expect(train('parts', { ...parts, context: stopAtOnce }, ...set)).rejects.toThrow('killed');
    expect(existsSync(join(folder, 'parts', runPaths.last))).toBe(false);
    await expect(train('parts', { ...parts, resume: true, context: stopAfter(1) }, ...set)).rejects.toThrow(
      'killed',
    );
    await expect(train('parts', { ...parts, resume: true, context: stopAfter(3) }, ...set)).rejects.toThrow(
      'killed',
    );
    const { state } = await train('parts', { ...parts, resume: true }, ...set);
    const comparable = ({ seconds: _, metricsBytes: __, ...rest }: TrainingState) => rest;
    expect(comparable(state)).toEqual(comparable(whole.state));
    for (const which of ['best', 'last'] as const) {
      expect(await valuesOf(join(folder, 'parts'), which)).toEqual(
        await valuesOf(join(folder, 'whole'), which),
      );
    }
    const metrics = await metricsOf('parts');
    expect(metrics).toEqual(await metricsOf('whole'));
    const steps = (type: string) => metrics.filter((record) => record.type === type).map(({ step }) => step);
    expect(steps('validation')).toHaveLength(6);
    expect(steps('curve')).toEqual([0, ...steps('validation')]);
  },
);

test('the curve at the best step is what the best weights reach on the evaluation part', async () => {
  for (const work of [{}, { layers: FROZEN, stored: true }]) {
    const name = work.stored ? 'rep' : 'tuned';
    const { state } = await train(name, work, 'train.epochs=2');
    const { weights } = await loadCheckpoint(join(folder, name, runPaths.best), null);
    const config = await configWith('train.tasks=[spp]');
    const source = new BatchSource(join(world, 'prepared'));
    const measured = (part: 'evaluation' | 'validation') =>
      validate(
        scoreBatches(weights, source.batches(planFor(config, part, null))),
        join(folder, 'validation'),
      );
    const { metrics } = await measured('evaluation');
    const best = await measured('validation');
    expect(existsSync(join(folder, 'validation'))).toBe(false);
    await source.close();
    weights.dispose();
    const curve = (await metricsOf(name)).filter(({ type }) => type === 'curve');
    expect(curve.find(({ step }) => step === state.best!.step)!.auc).toBe(metrics['auc[spp]']);
    expect(state.best!.score).toBe(best.metrics['auc[spp]']);
    expect(curve.map(({ samples }) => samples)[0]).toBe(0);
    expect(curve.at(-1)!.samples).toBe(state.samplesByTask.spp);
  }
});

test('an epoch of a share has as many steps as one of all', async () => {
  const tenth = await train('tenth', { share: 0.1 });
  const all = await train('all', {});
  expect(tenth.state.step).toBe(all.state.step);
  expect(await metricsOf('tenth')).not.toEqual(await metricsOf('all'));
});

test("Adam's correction counts the steps that its slots have seen", () => {
  const batch = randomBatch([4, 0, 2, 3]);
  const options = { taskWeights: {}, dropoutRates: {}, l2: 0, seed: 1 };
  const rates = { learningRate: 0.01, tableLearningRate: 0.05 };
  const run = (earlier: number) => {
    const weights = initialWeights(smallShape, 1, 1);
    let optimizer = new Optimizer(weights, rates);
    for (let step = 1; step <= 3; step++) trainStep(weights, optimizer, batch, step, options);
    const slots = new Map(
      [...optimizer.slots].map(([name, slot]) => [name, slot.readRows(0, slot.shape[0]!)]),
    );
    optimizer.dispose();
    const carried = { steps: earlier, weights: new Set(weights.dense.keys()) };
    optimizer = new Optimizer(weights, { ...rates, earlier: carried });
    for (const [name, slot] of optimizer.slots) slot.writeRows(0, slots.get(name)!);
    trainStep(weights, optimizer, batch, 4 - earlier, options);
    const kernel = [...weights.dense.get('lstm/item')!.readRows(0, 9)];
    weights.dispose();
    optimizer.dispose();
    return kernel;
  };
  expect(run(3)).toEqual(run(0));
});

test("a weight that did not come over takes Adam's first step, as in a run from scratch", () => {
  const options = { taskWeights: {}, dropoutRates: {}, l2: 0, seed: 1 };
  const batch = randomBatch([4, 0, 2, 3]);
  const moved = (weights: string[]) => {
    const model = initialWeights(smallShape, 1, 1);
    const earlier = { steps: 11, weights: new Set(weights) };
    const optimizer = new Optimizer(model, { learningRate: 0.01, tableLearningRate: 0.05, earlier });
    const kernel = model.dense.get('lstm/item')!;
    const before = kernel.readRows(0, kernel.shape[0]!);
    trainStep(model, optimizer, batch, 1, options);
    const steps = kernel.readRows(0, kernel.shape[0]!).map((value, at) => Math.abs(value - before[at]!));
    model.dispose();
    optimizer.dispose();
    return Math.max(...steps);
  };
  // The first step is the learning rate; without the correction for two moments at zero it would be 6.6 of it at step 12.
  expect(moved([])).toBeCloseTo(0.01, 5);
  const uncorrected = ((1 - 0.9) / (1 - 0.9 ** 12) / Math.sqrt((1 - 0.999) / (1 - 0.999 ** 12))) * 0.01;
  expect(moved(['lstm/item'])).toBeCloseTo(uncorrected, 5);
});

test('a run from another takes the step that the other would have taken', async () => {
  const config = await configWith('train.tasks=[spp]', 'tasks.spp.tower.dropout=0');
  const options = stepOptions(config);
  const batches = await batchesOf('training');
  const shape = modelShape(config, manifest);
  const there = initialWeights(shape, 7, 0.1);
  const earlier = { steps: 4, weights: new Set(there.dense.keys()) };
  const optimizer = new Optimizer(there, { ...config.train, earlier });
  for (const step of [1, 2, 3]) trainStep(there, optimizer, batches[step % batches.length]!, step, options);
  const learnedTo = learningEnd(manifest);
  const prepared = preparedKey(manifest);
  const state: TrainingState = { ...startState, learnedTo, prepared, step: 3, earlierSteps: 4 };
  const run = join(folder, 'there');
  await saveCheckpoint(join(run, runPaths.best), there, optimizer.slots, state);
  const before = tf.memory().numTensors;
  const runFolder = join(folder, 'here');
  await openRunFolder(runFolder, { resume: false, force: false });
  const preparedFolder = join(world, 'prepared');
  const context = silentContext;
  const from = { run, layers: null };
  const here = await startOrGoOn({ config, manifest, preparedFolder, runFolder, context, from });
  expect(here.state).toEqual({ ...startState, learnedTo, prepared, earlierSteps: 7 });
  expect(here.record).toMatchObject({ step: 3, created: [], skipped: [], layers: null });
  const next = batches[0]!;
  const { step: _, ...old } = trainStep(there, optimizer, next, 4, options);
  const { step: __, ...young } = trainStep(here.weights, here.optimizer, next, 1, options);
  expect(young).toEqual(old);
  const values = (weights: ModelWeights) =>
    [...allVariables(weights)].map(([name, v]) => [name, [...v.readRows(0, v.shape[0]!)]]);
  expect(values(here.weights)).toEqual(values(there));
  here.weights.dispose();
  here.optimizer.dispose();
  expect(tf.memory().numTensors).toBe(before);
  there.dispose();
  optimizer.dispose();
});

test('a run goes on from what it started from, and from nothing else', async () => {
  const layers: LayerRules = { factor: 0.5, freeze: { lstm: 1 } };
  await train('run', { layers });
  await expect(train('run', { resume: true, layers: { ...layers, factor: 0.25 } })).rejects.toThrow(
    /^Cannot go on with the run in .*run: it started otherwise\n {2}layers: was \{"factor":0\.5.*, now \{"factor":0\.25/,
  );
  await train('scratch', { from: false });
  await expect(train('scratch', { resume: true, layers })).rejects.toThrow(
    /started otherwise\n {2}from: was nothing, now .*base\n/,
  );
  // What never began to learn binds nothing.
  await expect(train('none', { layers: { factor: 1, freeze: { lstn: 'always' } } })).rejects.toThrow(
    /^Cannot freeze `lstn`: expected a weight/,
  );
  await train('none', { resume: true, layers });
  expect((await readStart(join(folder, 'none')))!.layers).toEqual(layers);
});

test('a run that is begun anew does not start from what an earlier one started from', async () => {
  const runFolder = join(folder, 'run');
  for (const force of [false, true]) {
    await expect(train('run', { context: stopAtOnce })).rejects.toThrow('killed');
    expect(await readStart(runFolder)).not.toBe(null);
    await openRunFolder(runFolder, { resume: false, force });
    expect(await readStart(runFolder)).toBe(null);
  }
});
