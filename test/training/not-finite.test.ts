/** Steps whose loss or gradient is not a finite number: nothing is updated, and what can be known of them is. */
import { cp, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Logger, silentContext } from '../../src/common/context.js';
import { fileSha256 } from '../../src/common/files.js';
import { type Manifest, preparedPaths } from '../../src/common/prepared.js';
import { loadConfig } from '../../src/config/load.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { describeCheckpoint } from '../../src/model/checkpoint.js';
import { initialWeights } from '../../src/model/weights.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { generateLog } from '../../src/synthetic/generate.js';
import { withDefaults } from '../../src/synthetic/options.js';
import { fit as trainModel } from '../../src/training/fit.js';
import { Optimizer } from '../../src/training/optimizer.js';
import { replay } from '../../src/training/replay.js';
import { openRunFolder, runPaths } from '../../src/training/run-folder.js';
import { trainStep } from '../../src/training/steps.js';
import type { TrainingState } from '../../src/training/training-state.js';
import { rewriteArray } from '../dataset/rewrite-array.js';
import { randomBatch, smallShape } from '../model/random-batch.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;
let world: string;
let preparedFolder: string;
let manifest: Manifest;
let folder: string;

const configWith = (...set: string[]) =>
  loadConfig(quickstart, {
    set: [
      `data.root=${join(world, 'log')}`,
      'split={trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2}',
      'model={units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: {item: 8}, maxEvents: 20}',
      'train={batchRequests: 16, epochs: 2, patience: 9, tasks: [ctr, ppp]}',
      ...set,
    ],
  });

/** The request whose sample of ctr has no weight that is a number. */
let spoiled: number;

beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), 'dupn-not-finite-'));
  await generateLog(join(world, 'log'), withDefaults({ users: 60, days: 6, seed: 2 }), silentContext);
  const whole = join(world, 'whole');
  await preprocess({ config: await configWith(), folder: whole, force: false, context: silentContext });
  preparedFolder = join(world, 'prepared');
  await cp(whole, preparedFolder, { recursive: true });
  const prepared = openPrepared(whole);
  const { weight, offsets } = prepared.tasks.ctr!;
  const weights = weight.load().slice();
  const first = Array.from(offsets.load());
  // Some request of the training part, which comes first.
  spoiled = first.findIndex((start, request) => request > 20 && start < first[request + 1]!);
  weights[first[spoiled]!] = Number.NaN;
  prepared.close();
  await rewriteArray(preparedFolder, preparedPaths.sampleWeights('ctr'), weights);
  manifest = JSON.parse(await readFile(join(preparedFolder, preparedPaths.manifest), 'utf8'));
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-not-finite-run-'));
});

async function train(name: string, resume: boolean, set: readonly string[], warn: Logger['warn'] = () => {}) {
  const runFolder = join(folder, name);
  await openRunFolder(runFolder, { resume, force: false });
  const context = { ...silentContext, logger: { ...silentContext.logger, warn } };
  return trainModel({ config: await configWith(...set), manifest, preparedFolder, runFolder, context });
}

const stateOf = async (name: string) =>
  (await describeCheckpoint<TrainingState>(join(folder, name, runPaths.last))).state;

test('a gradient whose norm is not finite updates nothing, though the loss is', () => {
  const weights = initialWeights(smallShape, 1, 1);
  const optimizer = new Optimizer(weights, { learningRate: 0.01, tableLearningRate: 0.05 });
  const batch = randomBatch([4, 0, 2, 1]);
  const values = () =>
    [...weights.dense, ...weights.tables, ...optimizer.slots].map(([name, variable]) => [
      name,
      [...variable.readRows(0, variable.shape[0]!)],
    ]);
  const before = values();
  const options = { taskWeights: { ctr: 1e30 }, dropoutRates: {}, l2: 0, seed: 1 };
  const record = trainStep(weights, optimizer, batch, 1, options);
  expect(Number.isFinite(record.loss)).toBe(true);
  expect(record.failure!.requests).toEqual([...batch.requests]);
  expect(record.failure!.notFinite).toContain('gradient of tasks/ctr/0/kernel');
  expect(record.failure!.notFinite.join()).not.toContain('tasks/buy');
  expect(values()).toEqual(before);
  // The same batch with usual weights is fine.
  expect(trainStep(weights, optimizer, batch, 1, { ...options, taskWeights: {} }).failure).toBeNull();
  expect(values()).not.toEqual(before);
  for (const owned of [optimizer, weights]) owned.dispose();
});

test('a batch with a number that is none stops the training, is kept, and a replay finds its request', async () => {
  const run = join(folder, 'run');
  const error = await train('run', false, []).catch((thrown: Error) => thrown);
  const [, step] = /step (\d+) expected finite numbers, got others in the loss of ctr\n/.exec(String(error))!;
  expect(String(error)).toContain(`dupn train --replay -c ${run}/config.resolved.yaml`);
  expect((await stateOf('run')).step).toBe(Number(step) - 1);

  const config = await configWith();
  const replayed = await replay(config, { manifest, preparedFolder }, run);
  expect(replayed).toMatchObject({
    step: Number(step),
    notFinite: ['loss of ctr'],
    losses: { ctr: null },
    weights: {},
    batchRequests: 16,
  });
  const prepared = openPrepared(preparedFolder);
  const time = new Date(1000 * prepared.requests.time.at(spoiled)).toISOString();
  prepared.close();
  expect(replayed.requests).toEqual([{ request: spoiled, task: 'ctr', time, user: expect.any(String) }]);
});

test('where the config says so the batch is passed over, now or after a stop', async () => {
  const skip = ['train.notFinite=skip'];
  const warned: object[] = [];
  const whole = await train('whole', false, skip, (fields) => warned.push(fields));
  // Once in each epoch.
  expect(warned).toMatchObject([{ notFinite: ['loss of ctr'] }, { notFinite: ['loss of ctr'] }]);
  await expect(train('parts', false, [])).rejects.toThrow('got others in the loss of ctr');
  const parts = await train('parts', true, skip);
  expect(parts.state.step).toBe(whole.state.step);
  const hash = (name: string) => fileSha256(join(folder, name, runPaths.last, 'weights.safetensors'));
  expect(await hash('parts')).toBe(await hash('whole'));
  const metrics = (name: string) => readFile(join(folder, name, runPaths.metrics), 'utf8');
  expect(await metrics('parts')).toBe(await metrics('whole'));
  expect(await metrics('whole')).not.toContain('null');
});

test('ten steps in a row end the training all the same', async () => {
  const diverging = ['train.notFinite=skip', 'train.learningRate=1e30', 'train.tasks=[ctr]'];
  const warned: object[] = [];
  await expect(train('run', false, diverging, (fields) => warned.push(fields))).rejects.toThrow(
    /step \d+ expected finite numbers, got others in the loss of ctr\n/,
  );
  expect(warned.filter((fields) => 'notFinite' in fields)).toHaveLength(9);
});

test('weights whose scores are no numbers are not measured', async () => {
  const diverging = ['train.notFinite=skip', 'train.learningRate=1e30', 'train.tasks=[ppp]'];
  await expect(train('run', false, diverging)).rejects.toThrow(
    'Cannot go on training: the scores of ppp on the validation part are not finite numbers',
  );
});
