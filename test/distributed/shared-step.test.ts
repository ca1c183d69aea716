/** Steps that several processes make together, against those of one process on the same batches. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import type { Manifest } from '../../src/common/prepared.js';
import { loadConfig } from '../../src/config/load.js';
import { BatchSource } from '../../src/dataset/batch-source.js';
import { loadCheckpoint, loadSlots, saveCheckpoint } from '../../src/model/checkpoint.js';
import { modelShape } from '../../src/model/shape.js';
import { allVariables, initialWeights, type ModelWeights } from '../../src/model/weights.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { generateLog } from '../../src/synthetic/generate.js';
import { withDefaults } from '../../src/synthetic/options.js';
import { Optimizer } from '../../src/training/optimizer.js';
import { planFor } from '../../src/training/plans.js';
import { stepOptions } from '../../src/training/step-options.js';
import { type StepRecord, trainSteps } from '../../src/training/steps.js';
import { thorough } from '../thorough.js';
import { startMembers } from './start-members.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;

const STEPS = thorough ? 50 : 15;
/** Of a checkpoint. */
const SAVED = 5;

let world: string;
let prepared: string;
let manifest: Manifest;

const settings = (...more: string[]) => [
  `data.root=${join(world, 'log')}`,
  'split={trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2}',
  'model={units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: {item: 8}, maxEvents: 20}',
  'entities.shop.units=8',
  ...['ctr', 'l2r', 'ppp', 'fifp', 'spp'].map((task) => `tasks.${task}.tower.dropout=0`),
  'tasks.ctr.tower.l2=0.002',
  'train={batchRequests: 10, l2: 0.001, clipNorm: 0.5, taskWeighting: uncertainty}',
  ...more,
];

beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), 'dupn-shared-step-'));
  prepared = join(world, 'prepared');
  await generateLog(join(world, 'log'), withDefaults({ users: 60, days: 6, seed: 2 }), silentContext);
  const config = await loadConfig(quickstart, { set: settings() });
  ({ manifest } = await preprocess({ config, folder: prepared, force: false, context: silentContext }));
});

interface Trained {
  readonly records: readonly StepRecord[];
  readonly weights: ModelWeights;
  readonly optimizer: Optimizer;
}

interface Checkpoints {
  /** Where it starts; the steps are those that follow. */
  readonly from?: string;
  /** Where it saves what it has after `SAVED` steps, and goes on. */
  readonly checkpoint?: string;
}

/** By one process. */
async function alone(
  steps: number,
  { from, checkpoint }: Checkpoints = {},
  ...more: string[]
): Promise<Trained> {
  const config = await loadConfig(quickstart, { set: settings(...more) });
  const shape = modelShape(config, manifest);
  const weights = from
    ? (await loadCheckpoint(from, shape)).weights
    : initialWeights(shape, config.train.seed, config.model.embeddingDeviation);
  const optimizer = new Optimizer(weights, config.train);
  if (from) await loadSlots(from, optimizer.slots);
  const source = new BatchSource(prepared);
  const records: StepRecord[] = [];
  const first = from ? steps + 1 : 1;
  const plan = {
    ...planFor(config, 'training', { seed: config.train.seed, epoch: 0 }),
    firstBatch: first - 1,
  };
  for await (const record of trainSteps(
    weights,
    optimizer,
    source.batches(plan),
    first,
    stepOptions(config),
  )) {
    records.push(record);
    if (checkpoint && records.length === SAVED)
      await saveCheckpoint(checkpoint, weights, optimizer.slots, { step: SAVED });
    if (records.length === steps) break;
  }
  await source.close();
  return { records, weights, optimizer };
}

interface Member {
  readonly records: readonly StepRecord[];
  readonly dense: Readonly<Record<string, readonly number[]>>;
  readonly tensors: readonly number[];
}

async function together(
  size: number,
  tables: string,
  steps: number,
  checkpoints: Checkpoints,
  ...more: string[]
): Promise<Member[]> {
  const set = settings(`distributed.tables=${tables}`, ...more);
  const work = { config: quickstart, set, prepared, steps, savedSteps: SAVED, ...checkpoints };
  const servers = tables === 'servers' ? 2 : 0;
  const members = await startMembers<{ readonly steps: Member }>(size, { steps: work }, servers);
  return members.map((member) => member.steps);
}

const close = (a: number, b: number) => Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1e-6);

/** The largest relative difference of any number of two records. */
function difference(a: StepRecord, b: StepRecord): number {
  const numbersOf = ({ loss, gradientNorm, lossByTask, gradientNormByTask }: StepRecord) => [
    ...[loss, gradientNorm],
    ...Object.entries({ ...lossByTask, ...gradientNormByTask })
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([, value]) => value),
  ];
  const [x, y] = [numbersOf(a), numbersOf(b)];
  expect(y.length).toBe(x.length);
  return Math.max(...x.map((value, at) => close(value, y[at]!)));
}

const counts = ({ step, requests, samples, samplesByTask, failure }: StepRecord) => ({
  ...{ step, requests, samples, samplesByTask, failure },
});

// Batches of ten requests: three processes have shares that differ.
test.each(
  thorough
    ? ([
        [2, 'replicated'],
        [2, 'sharded'],
        [3, 'sharded'],
        [3, 'servers'],
        [2, 'servers'],
      ] as const)
    : ([
        [3, 'sharded'],
        [2, 'servers'],
      ] as const),
)('%d processes with %s tables take the steps of one', async (size, tables) => {
  const weighting = `train.taskWeighting=${size === 2 && tables === 'servers' ? 'requests' : 'uncertainty'}`;
  const folders = { whole: join(world, `whole-${tables}`), spread: join(world, `spread-${tables}`) };
  const isSaved = size === 3;
  const one = await alone(STEPS, isSaved ? { checkpoint: folders.whole } : {}, weighting);
  const saving = isSaved ? { checkpoint: folders.spread } : {};
  const members = await together(size, tables, STEPS, saving, weighting);
  for (const { records, dense, tensors } of members) {
    expect(records.map(counts)).toEqual(one.records.map(counts));
    const losses = records.map((record, at) => close(record.loss, one.records[at]!.loss));
    expect(Math.max(...losses)).toBeLessThan(1e-5);
    // The first steps agree in every number; later ones differ by what rounding has made of them.
    for (const at of [0, 1, 2, 3, 4]) expect(difference(records[at]!, one.records[at]!)).toBeLessThan(1e-4);
    expect(dense).toEqual(members[0]!.dense);
    // No step leaves a tensor behind.
    expect(tensors.at(-1)).toBe(tensors[4]);
  }
  one.weights.dispose();
  one.optimizer.dispose();
  if (isSaved) await expectReadByAll(tables, folders);
});

/** A checkpoint of several processes is read by any number, and by one, as that of one is. */
async function expectReadByAll(
  tables: string,
  folders: { readonly whole: string; readonly spread: string },
): Promise<void> {
  const config = await loadConfig(quickstart, { set: settings() });
  const shape = modelShape(config, manifest);
  const read = async (folder: string) => {
    const { weights, state } = await loadCheckpoint<{ step: number }>(folder, shape);
    expect(state.step).toBe(SAVED);
    const { slots } = new Optimizer(weights, { learningRate: 0.001, tableLearningRate: 0.03 });
    await loadSlots(folder, slots);
    return { variables: allVariables(weights), slots };
  };
  const [one, several] = [await read(folders.whole), await read(folders.spread)];
  expect(largestDifference(one.variables, several.variables)).toBeLessThan(1e-3);
  expect(largestDifference(one.slots, several.slots)).toBeLessThan(1e-3);

  // Two go on with what three, and one, have left, and so does one.
  const next = await alone(5, { from: folders.whole });
  for (const from of [folders.whole, folders.spread]) {
    const [first] = await together(2, tables, 5, { from });
    for (const [at, record] of first!.records.entries())
      expect(close(record.loss, next.records[at]!.loss)).toBeLessThan(1e-5);
  }
  const last = await alone(5, { from: folders.spread });
  for (const [at, record] of last.records.entries())
    expect(close(record.loss, next.records[at]!.loss)).toBeLessThan(1e-5);
}

function largestDifference(
  a: Map<string, Variable> | ReadonlyMap<string, Variable>,
  b: ReadonlyMap<string, Variable>,
): number {
  expect([...b.keys()]).toEqual([...a.keys()]);
  const all = (variable: Variable) => variable.readRows(0, variable.shape[0] ?? 1);
  return Math.max(
    ...[...a].map(([name, variable]) => {
      const [x, y] = [all(variable), all(b.get(name)!)];
      return x.reduce((most, value, at) => Math.max(most, Math.abs(value - y[at]!)), 0);
    }),
  );
}

type Variable = ModelWeights['dense'] extends ReadonlyMap<string, infer V> ? V : never;
