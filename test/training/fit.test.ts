import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Logger, silentContext } from '../../src/common/context.js';
import { fileSha256 } from '../../src/common/files.js';
import { type Manifest, preparedPaths } from '../../src/common/prepared.js';
import { loadConfig } from '../../src/config/load.js';
import { BatchSource } from '../../src/dataset/batch-source.js';
import { openPrepared, splitRange } from '../../src/dataset/prepared.js';
import { describeCheckpoint, loadCheckpoint } from '../../src/model/checkpoint.js';
import { scoreBatch } from '../../src/model/score.js';
import { modelShape } from '../../src/model/shape.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { generateLog } from '../../src/synthetic/generate.js';
import { withDefaults } from '../../src/synthetic/options.js';
import { fit as trainModel } from '../../src/training/fit.js';
import { planFor } from '../../src/training/plans.js';
import { pretrainItems } from '../../src/training/pretrain-items.js';
import { pretrainWords } from '../../src/training/pretrain-words.js';
import { recalibrate } from '../../src/training/recalibrate.js';
import { openRunFolder, runPaths } from '../../src/training/run-folder.js';
import { validationPoints } from '../../src/training/training-session.js';
import { rewriteArray } from '../dataset/rewrite-array.js';
import { readScalars } from './event-file.js';

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
      'train.batchRequests=64',
      'train.tasks=[ctr]',
      ...set,
    ],
  });

beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), 'dupn-fit-'));
  await generateLog(join(world, 'log'), withDefaults({ users: 60, days: 6, seed: 2 }), silentContext);
  const prepared = { folder: join(world, 'prepared'), force: false, context: silentContext };
  ({ manifest } = await preprocess({ config: await configWith(), ...prepared }));
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-run-'));
});

async function train(name: string, resume: boolean, ...set: string[]) {
  const runFolder = join(folder, name);
  await openRunFolder(runFolder, { resume, force: false });
  const preparedFolder = join(world, 'prepared');
  return trainModel({
    config: await configWith(...set),
    manifest,
    preparedFolder,
    runFolder,
    context: silentContext,
  });
}

/** Keeps what is warned of. */
const recordingLogger = (log: object[]): Logger => ({
  ...silentContext.logger,
  warn: (...entry: unknown[]) => {
    log.push(entry);
  },
});

const weightsOf = (name: string, which: 'last' | 'best') =>
  fileSha256(join(folder, name, runPaths[which], 'weights.safetensors'));
const metricsOf = async (name: string) =>
  (await readFile(join(folder, name, runPaths.metrics), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; step: number; loss?: number });

/** What TensorBoard reads of a run is what metrics.jsonl says, number by number. */
async function expectSameInTensorboard(name: string): Promise<void> {
  const records = await metricsOf(name);
  const scalars = records.flatMap(({ type, step, ...rest }) =>
    Object.entries(rest)
      .filter(([key]) => !['epoch', 'samples'].includes(key))
      .map(([key, value]) => {
        const tag = `${type}/${key.replace('[', '/').replace(']', '')}`;
        return { tag, step, value: Math.fround(value as number) };
      }),
  );
  expect(scalars.length).toBeGreaterThan(records.length);
  expect(readScalars(join(folder, name, runPaths.tensorboard))).toEqual(scalars);
}

test('a run that was ended after each epoch equals the uninterrupted one bit for bit', async () => {
  const whole = await train('whole', false, 'train.epochs=3', 'train.patience=9');
  await train('parts', false, 'train.epochs=1', 'train.patience=9');
  await train('parts', true, 'train.epochs=2', 'train.patience=9');
  const parts = await train('parts', true, 'train.epochs=3', 'train.patience=9');
  expect(parts.state.step).toBe(whole.state.step);
  expect(parts.state.best).toEqual(whole.state.best);
  expect(await weightsOf('parts', 'last')).toBe(await weightsOf('whole', 'last'));
  expect(await weightsOf('parts', 'best')).toBe(await weightsOf('whole', 'best'));
  expect(await metricsOf('parts')).toEqual(await metricsOf('whole'));
  await expectSameInTensorboard('whole');
  await expectSameInTensorboard('parts');
});

test('the same with moving statistics, learned weights of tasks and averages of weights', async () => {
  const set = [
    'train.patience=9',
    'train.tasks=[ctr, spp]',
    'train.taskWeighting=uncertainty',
    'tasks.ctr.tower.batchNormalisation=true',
    'train.averageDecay=0.95',
  ];
  await train('whole', false, 'train.epochs=2', ...set);
  await train('parts', false, 'train.epochs=1', ...set);
  await train('parts', true, 'train.epochs=2', ...set);
  for (const which of ['last', 'best'] as const) {
    expect(await weightsOf('parts', which)).toBe(await weightsOf('whole', which));
  }
  // The best are averages, the last what training goes on with.
  expect(await weightsOf('whole', 'best')).not.toBe(await weightsOf('whole', 'last'));
  const metrics = await metricsOf('parts');
  expect(metrics).toEqual(await metricsOf('whole'));
  const factors = metrics.filter(({ type }) => type === 'validation') as unknown as Record<string, number>[];
  expect(factors.at(-1)!['factor[spp]']).not.toBe(1);
  expect(factors.at(-1)!['factor[ctr]']).toBeGreaterThan(0);
  const steps = metrics.filter(({ type }) => type === 'train') as unknown as Record<string, number>[];
  expect(steps.at(-1)!['gradientNorm[spp]']).toBeGreaterThan(0);
  await expectSameInTensorboard('parts');
});

test('items by word2vec stay as they are while the rest learns, and know nothing of the evaluation period', async () => {
  const set = ['train.patience=9', 'model.itemEmbeddings=word2vec'];
  await train('whole', false, 'train.epochs=2', ...set);
  await train('parts', false, 'train.epochs=1', ...set);
  const config = await configWith('train.epochs=2', ...set);
  const preparedFolder = join(world, 'prepared');
  const prepared = openPrepared(preparedFolder);
  const vectors = await pretrainItems(prepared, config, silentContext);
  const itemsOf = async (name: string, which: 'last' | 'best') => {
    const { weights } = await loadCheckpoint(
      join(folder, name, runPaths[which]),
      modelShape(config, manifest),
    );
    const table = weights.tables.get('item/item')!;
    const values = table.readRows(0, table.shape[0]!);
    weights.dispose();
    return [...values];
  };
  expect(await itemsOf('parts', 'last')).toEqual([...vectors]);
  await train('parts', true, 'train.epochs=2', ...set);
  expect(await itemsOf('parts', 'last')).toEqual([...vectors]);
  expect(await weightsOf('parts', 'last')).toBe(await weightsOf('whole', 'last'));
  // Learned embeddings start with this deviation; rows 0 and 1 stand for no item.
  const known = vectors.filter((value) => value !== 0);
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + value * value, 0) / known.length);
  expect(deviation).toBeCloseTo(config.model.embeddingDeviation, 5);
  expect([...vectors.subarray(0, 64)].every((value) => value === 0)).toBe(true);

  // With the later events taken away, the vectors are the same.
  const until = Date.parse(manifest.evaluationFrom) / 1000;
  const [segment] = prepared.segments;
  const later = Array.from(segment!.times.load()).flatMap((time, at) => (time >= until ? [at] : []));
  expect(later.length).toBeGreaterThan(0);
  const copy = join(folder, 'copy');
  await cp(preparedFolder, copy, { recursive: true });
  const items = segment!.items.load().slice();
  for (const at of later) items[at] = 0;
  await rewriteArray(copy, preparedPaths.streamItems('0000'), items);
  prepared.close();
  const changed = openPrepared(copy);
  expect([...(await pretrainItems(changed, config, silentContext))]).toEqual([...vectors]);
  changed.close();
});

test('query words start from word2vec and learn on, and know nothing of the evaluation period', async () => {
  const set = ['train.epochs=1', 'train.patience=9', 'model.queryEmbeddings=word2vec'];
  const config = await configWith(...set);
  const preparedFolder = join(world, 'prepared');
  const prepared = openPrepared(preparedFolder);
  const vectors = await pretrainWords(prepared, config, silentContext);
  const { rows, buckets } = manifest.fields.query!;
  const size = config.features.query!.size;
  expect(vectors).toHaveLength(rows * size);
  const known = vectors.subarray((1 + buckets) * size);
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + value * value, 0) / known.length);
  expect(deviation).toBeCloseTo(config.model.embeddingDeviation, 5);
  expect(vectors.subarray(0, (1 + buckets) * size).every((value) => value === 0)).toBe(true);

  // Words of the evaluation period don't count.
  const [, end] = splitRange(manifest, 'validation');
  const from = prepared.requests.query!.offsets.at(end);
  const words = prepared.requests.query!.values.load().slice();
  expect(from).toBeLessThan(words.length);
  words.fill(2, from);
  const copy = join(folder, 'copy');
  await cp(preparedFolder, copy, { recursive: true });
  await rewriteArray(copy, preparedPaths.requestQuery, words);
  prepared.close();
  const changed = openPrepared(copy);
  expect([...(await pretrainWords(changed, config, silentContext))]).toEqual([...vectors]);
  changed.close();

  // One epoch at a small rate: near to where it began, and not there any more.
  await train('run', false, ...set, 'train.tableLearningRate=0.001');
  const { weights } = await loadCheckpoint(join(folder, 'run', runPaths.last), modelShape(config, manifest));
  const table = weights.tables.get('query/word')!.readRows(0, rows);
  weights.dispose();
  const squares = table.reduce((sum, value, at) => sum + (value - vectors[at]!) ** 2, 0);
  const moved = Math.sqrt(squares / table.length);
  expect(moved).toBeGreaterThan(0);
  expect(moved).toBeLessThan(0.1);
});

test('the settings of tasks reach the training', async () => {
  const short = ['train.epochs=1', 'train.patience=9'];
  await train('plain', false, ...short);
  const plain = await weightsOf('plain', 'last');
  const settings = {
    classWeights: 'tasks.ctr.classWeights=[1, 3]',
    dropout: 'tasks.ctr.tower.dropout=0',
    towerL2: 'tasks.ctr.tower.l2=0.01',
    l2: 'train.l2=0.01',
  };
  const hashes = [plain];
  for (const [name, setting] of Object.entries(settings)) {
    await train(name, false, ...short, setting);
    hashes.push(await weightsOf(name, 'last'));
  }
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('nothing to train is an error, and a task without training samples is warned of', async () => {
  const late = ['tasks.spp.trainFrom=2026-01-09 23:59:59', 'train.epochs=1'];
  const own = join(folder, 'prepared');
  const log: object[] = [];
  const context = { ...silentContext, logger: recordingLogger(log) };
  const fitWith = async (tasks: string) => {
    const config = await configWith(...late, `train.tasks=[${tasks}]`);
    const { manifest } = await preprocess({ config, folder: own, force: false, context: silentContext });
    const runFolder = join(folder, tasks);
    await openRunFolder(runFolder, { resume: false, force: false });
    return trainModel({ config, manifest, preparedFolder: own, runFolder, context });
  };
  await expect(fitWith('spp')).rejects.toThrow(
    /^Cannot train: required a training sample of one of the tasks \(spp\), got none/,
  );
  log.length = 0;
  await fitWith('ctr, spp');
  expect(log).toEqual([
    [{ task: 'spp' }, 'no training samples: what the model says for this task is random'],
  ]);
});

test('statistics may come from other samples than the run was trained on', async () => {
  const labels = (perPositive: number) =>
    `tasks.cart={kind: binary, labels: {requests: positive, positives: {behavior: [cart]}, negatives: {by: uniform, perPositive: ${perPositive}}}, tower: {batchNormalisation: true}}`;
  const prepared = async (perPositive: number) => {
    const config = await configWith(labels(perPositive), 'train.tasks=[cart]', 'train.epochs=1');
    const folderOfData = join(folder, `prepared-${perPositive}`);
    const data = { folder: folderOfData, force: false, context: silentContext };
    const { manifest } = await preprocess({ config, ...data });
    return { config, manifest, preparedFolder: folderOfData, runFolder: join(folder, 'run') };
  };
  const few = await prepared(1);
  await openRunFolder(few.runFolder, { resume: false, force: false });
  const log: object[] = [];
  await trainModel({ ...few, context: { ...silentContext, logger: recordingLogger(log) } });
  expect(log).toContainEqual([
    { task: 'cart' },
    'the training samples have drawn negatives: the statistics of its batch normalisation may not be those met in use ' +
      '(dupn train --recalibrate-bn with a config of samples as they come takes them from those)',
  ]);
  const evaluation = join(few.runFolder, runPaths.evaluation);
  await mkdir(dirname(evaluation));
  await writeFile(evaluation, '{}');
  const { shape } = await describeCheckpoint(join(few.runFolder, runPaths.best));

  const many = await prepared(20);
  const { samples } = await recalibrate(many);
  const counts = Object.values(many.manifest.tasks.cart!.counts.training);
  expect(samples).toBe(counts.reduce((sum, count) => sum + count, 0));
  // What undoes the drawing is still that of the training, and the evaluation of the old weights is gone.
  expect((await describeCheckpoint(join(few.runFolder, runPaths.best))).shape).toEqual(shape);
  expect(existsSync(evaluation)).toBe(false);
});

test('statistics of no samples are refused, and the evaluation stays', async () => {
  const normalised = ['train.epochs=1', 'tasks.ctr.tower.batchNormalisation=true'];
  await train('run', false, ...normalised);
  const runFolder = join(folder, 'run');
  const evaluation = join(runFolder, runPaths.evaluation);
  await mkdir(dirname(evaluation));
  await writeFile(evaluation, '{}');
  const config = await configWith(...normalised, 'tasks.ctr.trainFrom=2026-01-09 23:59:59');
  const preparedFolder = join(folder, 'late');
  const data = { folder: preparedFolder, force: false, context: silentContext };
  const { manifest: late } = await preprocess({ config, ...data });
  const input = { config, manifest: { ...manifest, tasks: late.tasks }, preparedFolder, runFolder };
  await expect(recalibrate(input)).rejects.toThrow(
    'Cannot recalibrate: required training samples of every task with batchNormalisation (ctr), got none of one',
  );
  expect(existsSync(evaluation)).toBe(true);
});

test('recalibrated statistics are those of the training samples, layer after layer', async () => {
  const set = ['train.epochs=1', 'tasks.ctr.tower={layers: [6, 5], batchNormalisation: true}'];
  await train('run', false, ...set);
  const config = await configWith(...set);
  const runFolder = join(folder, 'run');
  const preparedFolder = join(world, 'prepared');
  const before = await weightsOf('run', 'best');
  const { layers, samples } = await recalibrate({ config, manifest, preparedFolder, runFolder });
  expect(layers).toEqual(['tasks/ctr/0', 'tasks/ctr/1']);
  expect(await weightsOf('run', 'best')).not.toBe(before);
  const { weights } = await loadCheckpoint(join(runFolder, runPaths.best), modelShape(config, manifest));
  const source = new BatchSource(preparedFolder);
  const seen: Record<string, number[][]> = { 'tasks/ctr/0': [], 'tasks/ctr/1': [] };
  for await (const batch of source.batches(planFor(config, 'training', null))) {
    scoreBatch(weights, batch, {
      see: (layer, z) => seen[layer]!.push(...(z.arraySync() as number[][])),
    });
  }
  for (const [layer, rows] of Object.entries(seen)) {
    expect(rows).toHaveLength(samples);
    const read = (kind: string) => weights.statistics.get(`${layer}/${kind}`)!;
    const [means, variances] = ['mean', 'variance'].map((kind) => read(kind).readRows(0, rows[0]!.length));
    rows[0]!.forEach((_, unit) => {
      const mean = rows.reduce((sum, row) => sum + row[unit]!, 0) / rows.length;
      const variance = rows.reduce((sum, row) => sum + (row[unit]! - mean) ** 2, 0) / rows.length;
      expect(means![unit]).toBeCloseTo(mean, 4);
      expect(variances![unit]! / variance).toBeCloseTo(1, 3);
    });
  }
  weights.dispose();
  await source.close();
  const plain = await configWith('train.epochs=1');
  await expect(recalibrate({ config: plain, manifest, preparedFolder, runFolder })).rejects.toThrow(
    /required a task with tower\.batchNormalisation/,
  );
});

test('resuming from an older checkpoint than the metrics leaves no gap and no repeat', async () => {
  await train('run', false, 'train.epochs=1', 'train.patience=9');
  await cp(join(folder, 'run', runPaths.last), join(folder, 'kept'), { recursive: true });
  await train('run', true, 'train.epochs=2', 'train.patience=9');
  const expected = await metricsOf('run');
  // As if the process had been killed in its second epoch: records beyond the checkpoint are there.
  await cp(join(folder, 'kept'), join(folder, 'run', runPaths.last), { recursive: true, force: true });
  await train('run', true, 'train.epochs=2', 'train.patience=9');
  expect(await metricsOf('run')).toEqual(expected);
  await expectSameInTensorboard('run');
});

test('training stops when the validation part gets no better, and keeps the best weights', async () => {
  // At this rate the model gets worse after its best epoch.
  const { state } = await train(
    'run',
    false,
    'train.epochs=30',
    'train.learningRate=0.05',
    'train.patience=2',
  );
  expect(state.epoch).toBeLessThan(30);
  expect(state.validationsWithoutBetter).toBe(2);
  const validations = (await metricsOf('run')).filter(({ type }) => type === 'validation') as unknown as {
    step: number;
    'auc[ctr]': number;
  }[];
  const best = validations.reduce((a, b) => (b['auc[ctr]'] > a['auc[ctr]'] ? b : a));
  expect(state.best).toMatchObject({ step: best.step, score: best['auc[ctr]'] });
  expect(await weightsOf('run', 'best')).not.toBe(await weightsOf('run', 'last'));
});

test('a run is never written over unasked', async () => {
  await train('run', false, 'train.epochs=1');
  await expect(train('run', false, 'train.epochs=1')).rejects.toThrow(
    /holds one already.*--resume.*--force/s,
  );
  const finished = await train('run', true, 'train.epochs=1');
  expect(finished.samplesPerSecond).toBe(0);
});

test('validations stand evenly in an epoch and at its end', () => {
  expect([...validationPoints(10, 1)]).toEqual([10]);
  expect([...validationPoints(10, 4)]).toEqual([3, 5, 8, 10]);
  expect([...validationPoints(2, 5)]).toEqual([1, 2]);
});
