/** Runs that are stopped by signals, and go on: bit for bit what one that was never stopped leaves. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { fileSha256 } from '../../src/common/files.js';
import { Interrupted } from '../../src/common/interrupted.js';
import type { Manifest, Split } from '../../src/common/prepared.js';
import { loadConfig } from '../../src/config/load.js';
import { BatchSource } from '../../src/dataset/batch-source.js';
import { describeCheckpoint } from '../../src/model/checkpoint.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { generateLog } from '../../src/synthetic/generate.js';
import { withDefaults } from '../../src/synthetic/options.js';
import { fit as trainModel } from '../../src/training/fit.js';
import { openRunFolder, runPaths } from '../../src/training/run-folder.js';
import type { TrainingState } from '../../src/training/training-state.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;
let world: string;
let manifest: Manifest;
let folder: string;
/** What a run leaves that is never stopped. */
let whole: Awaited<ReturnType<typeof left>>;

const config = (...set: string[]) =>
  loadConfig(quickstart, {
    set: [
      `data.root=${join(world, 'log')}`,
      'split={trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2}',
      'model={units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: {item: 8}, maxEvents: 20}',
      'train={batchRequests: 16, epochs: 2, patience: 9, validationsPerEpoch: 2, tasks: [ctr, ppp], taskWeighting: uncertainty}',
      'tasks.ctr.tower.batchNormalisation=true',
      ...set,
    ],
  });

beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), 'dupn-stopped-'));
  await generateLog(join(world, 'log'), withDefaults({ users: 60, days: 6, seed: 2 }), silentContext);
  const prepared = { folder: join(world, 'prepared'), force: false, context: silentContext };
  ({ manifest } = await preprocess({ config: await config(), ...prepared }));
  folder = world;
  await train('whole', false);
  whole = await left('whole');
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-stopped-run-'));
});

async function train(name: string, resume: boolean) {
  const runFolder = join(folder, name);
  await openRunFolder(runFolder, { resume, force: false });
  const data = { manifest, preparedFolder: join(world, 'prepared') };
  return trainModel({ config: await config(), ...data, runFolder, context: silentContext });
}

const batches = BatchSource.prototype.batches;

afterEach(() => {
  BatchSource.prototype.batches = batches;
});

/** Sends this process a signal when the batch of a part of the split comes, `after` others. */
function stopAt(split: Split, after: number, signal: NodeJS.Signals): void {
  BatchSource.prototype.batches = async function* (plan) {
    let before = 0;
    for await (const batch of batches.call(this, plan)) {
      if (plan.split === split && before++ === after) process.emit(signal, signal);
      yield batch;
    }
  };
}

/** All that a run leaves, but how long it took. */
async function left(name: string) {
  const path = (file: string) => join(folder, name, file);
  const { seconds: _, ...state } = (await describeCheckpoint<TrainingState>(path(runPaths.last))).state;
  return {
    state,
    metrics: await readFile(path(runPaths.metrics), 'utf8'),
    weights: await fileSha256(path(`${runPaths.last}/weights.safetensors`)),
    slots: await fileSha256(path(`${runPaths.last}/optimizer.safetensors`)),
    best: await fileSha256(path(`${runPaths.best}/weights.safetensors`)),
  };
}

/** Trains with a stop in each session, until a session comes to the end; the states that were saved. */
async function trainInParts(split: Split, afters: readonly number[], signal: NodeJS.Signals) {
  const saved: TrainingState[] = [];
  for (let session = 0; ; session++) {
    stopAt(split, afters[session % afters.length]!, signal);
    const ended = await train('parts', session > 0).catch((error: unknown) => error);
    if (!(ended instanceof Interrupted)) return { saved, ended };
    const { state } = await describeCheckpoint<TrainingState>(join(folder, 'parts', runPaths.last));
    expect(ended.message).toContain(
      `stopped after step ${state.step}, which is saved; the same command goes on`,
    );
    expect(ended.exitCode).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(session).toBeLessThan(100);
    saved.push(state);
  }
}

test('a run that is stopped after any number of steps equals one that was never stopped', async () => {
  // From 1 step on, beyond a record of metrics.jsonl (20) and across validations.
  const { saved, ended } = await trainInParts('training', [0, 3, 24, 7, 0, 15], 'SIGTERM');
  expect(ended).toMatchObject({ state: { step: whole.state.step } });
  expect(saved.map(({ step }) => step).slice(0, 2)).toEqual([1, 5]);
  expect(saved.length).toBeGreaterThan(5);
  expect(new Set(saved.map(({ window }) => window.length)).size).toBeGreaterThan(3);
  expect(process.listenerCount('SIGTERM')).toBe(0);
  expect(await left('parts')).toEqual(whole);
});

test('a validation that is stopped is made by the next session', async () => {
  // Every second session is not stopped in its first validation.
  const { saved } = await trainInParts('validation', [2, 1000, 0], 'SIGINT');
  const stopped = saved.filter(({ step, validatedStep }) => validatedStep < step);
  expect(stopped.length).toBeGreaterThan(0);
  expect(await left('parts')).toEqual(whole);
});

test('where validations are rare what was done is saved every ten minutes', async () => {
  const step = async () =>
    existsSync(join(folder, 'parts', runPaths.last))
      ? (await describeCheckpoint<TrainingState>(join(folder, 'parts', runPaths.last))).state.step
      : 0;
  const now = performance.now.bind(performance);
  let minutes = 0;
  let stepMinutes = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000 * minutes);
  /** Ends a session as a crash does, when the batch after so many others comes. */
  const crash = async (resume: boolean, after: number) => {
    BatchSource.prototype.batches = async function* (plan) {
      let before = 0;
      for await (const batch of batches.call(this, plan)) {
        if (plan.split === 'training' && before++ === after) throw new Error('a crash');
        minutes += stepMinutes;
        yield batch;
      }
    };
    await expect(train('parts', resume)).rejects.toThrow('a crash');
  };
  try {
    await crash(false, 3);
    expect(await step()).toBe(0);
    stepMinutes = 11;
    await crash(true, 3);
    expect(await step()).toBe(3);
    stepMinutes = 6;
    await crash(true, 3);
    expect(await step()).toBe(5);
  } finally {
    clock.mockRestore();
  }
  BatchSource.prototype.batches = batches;
  await train('parts', true);
  expect(await left('parts')).toEqual(whole);
});
