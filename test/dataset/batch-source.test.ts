import { execFile } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { preparedPaths } from '../../src/common/prepared.js';
import type { Batch } from '../../src/dataset/batch.js';
import { createBatchBuilder } from '../../src/dataset/batch-builder.js';
import type { FromWorker, ToWorker } from '../../src/dataset/batch-messages.js';
import { type BatchPlan, measurePlan, planBatches } from '../../src/dataset/batch-plan.js';
import { BatchSource } from '../../src/dataset/batch-source.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { makeWorld } from './prepared-world.js';
import { writeWorld } from './write-world.js';

const dist = (path: string) => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
const world = makeWorld(21);
const plan: BatchPlan = {
  split: 'training',
  tasks: ['ctr', 'buy'],
  maxEvents: 10,
  batchRequests: 16,
  shuffle: { seed: 5, epoch: 2 },
};
let root: string;
let folder: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dupn-source-'));
  folder = join(root, 'prepared');
  await writeWorld(folder, world);
});
afterAll(() => rm(root, { recursive: true }));

async function collect(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

function inline(plan: BatchPlan): Batch[] {
  const prepared = openPrepared(folder);
  const batches = [...planBatches(prepared, createBatchBuilder(prepared), plan)];
  prepared.close();
  return batches;
}

describe('planBatches', () => {
  it.each([['training'], ['validation'], ['evaluation']] as const)(
    'gives every %s sample of the tasks once',
    (split) => {
      for (const tasks of [['ctr', 'buy'], ['buy']]) {
        const batches = inline({ ...plan, split, tasks });
        for (const task of tasks) {
          let sample = 0;
          const expected: number[] = [];
          for (const request of world.requests) {
            for (const _ of request.samples[task]!) {
              if (request.split === ['training', 'validation', 'evaluation'].indexOf(split))
                expected.push(sample);
              sample++;
            }
          }
          const got = batches.flatMap((batch) => [...batch.tasks[task]!.sample]);
          expect(got.sort((a, b) => a - b)).toEqual(expected);
        }
      }
    },
  );

  it('goes on where it left off', () => {
    expect(inline({ ...plan, firstBatch: 4 })).toEqual(inline(plan).slice(4));
  });

  it('refuses a task that the data does not have', () => {
    expect(() => inline({ ...plan, tasks: ['ctr', 'clicks'] })).toThrow(
      /Cannot read the samples of task clicks in .*: one of ctr, buy/,
    );
  });
});

describe('BatchSource', () => {
  it('lets signals and timers have their turn between batches, however many are ready', async () => {
    const source = new BatchSource(folder);
    const measured = await source.measure({ ...plan, batchRequests: 1 });
    expect(measured.batches).toBeGreaterThan(40);
    let [turns, batches] = [0, 0];
    const timer = setInterval(() => {
      turns++;
    }, 1);
    for await (const _ of source.batches({ ...plan, batchRequests: 1 })) {
      // A step, which takes longer than to build the next batch.
      for (const until = performance.now() + 5; performance.now() < until; );
      batches++;
    }
    clearInterval(timer);
    await source.close();
    expect([batches, turns]).toEqual([measured.batches, expect.toSatisfy((all) => all >= batches - 2)]);
  });

  it('gives the batches that the same plan gives without a thread, for several plans in turn', async () => {
    const source = new BatchSource(folder);
    for (const each of [
      plan,
      { ...plan, shuffle: { seed: 5, epoch: 3 }, firstBatch: 2 },
      { ...plan, split: 'evaluation' as const, shuffle: null, tasks: ['buy'] },
    ]) {
      expect(await collect(source.batches(each))).toEqual(inline(each));
    }
    expect(source.waitedMs).toBeGreaterThan(0);
    await source.close();
  });

  it('works on a second plan in the middle of the first', async () => {
    const source = new BatchSource(folder);
    const validation = { ...plan, split: 'validation' as const, shuffle: null };
    const training: Batch[] = [];
    for await (const batch of source.batches(plan)) {
      training.push(batch);
      if (training.length === 2) {
        expect(await collect(source.batches(validation))).toEqual(inline(validation));
      }
    }
    expect(training).toEqual(inline(plan));
    await source.close();
  });

  it('tells the size of a plan', async () => {
    const source = new BatchSource(folder);
    const size = await source.measure(plan);
    expect(size.batches).toBe(inline(plan).length);
    expect(size.requests).toBe(inline(plan).reduce((sum, batch) => sum + batch.requests.length, 0));
    const prepared = openPrepared(folder);
    expect(measurePlan(prepared, plan)).toEqual(size);
    prepared.close();
    await source.close();
  });

  it('passes on a UserError of the thread, with its stack as the cause', async () => {
    const cut = join(root, 'cut');
    await writeWorld(cut, world);
    await truncate(join(cut, preparedPaths.sampleLabels('ctr')), 10);
    const source = new BatchSource(cut);
    const error: unknown = await collect(source.batches(plan)).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(/label\.f32: \d+ bytes, got 10 bytes/);
    expect(((error as Error).cause as Error).stack).toContain('raw-array.js');
    await source.close();
  });

  it('passes on any other error as one, with the stack of the thread, and goes on', async () => {
    const source = new BatchSource(folder);
    const faulty = { ...plan, tasks: null as unknown as string[] };
    const error: unknown = await source.measure(faulty).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).not.toBeInstanceOf(UserError);
    expect((error as Error).stack).toContain('batch-plan.js');
    expect(await collect(source.batches(plan))).toEqual(inline(plan));
    await source.close();
  });

  it('fails who waits for a batch when it is closed', async () => {
    const source = new BatchSource(folder);
    const waiting = collect(source.batches(plan));
    const failed = expect(waiting).rejects.toThrow('closed');
    await source.close();
    await failed;
    await expect(source.measure(plan)).rejects.toThrow('closed');
  });

  it('lets the process end when a consumer stops early and closes nothing', async () => {
    const script = `
      import { BatchSource } from ${JSON.stringify(dist('dataset/batch-source.js'))};
      const source = new BatchSource(${JSON.stringify(folder)});
      for await (const batch of source.batches(${JSON.stringify(plan)})) {
        process.stdout.write(String(batch.requests.length));
        break;
      }`;
    const file = join(root, 'early.mjs');
    await writeFile(file, script);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 });
    expect(stdout).toBe('16');
  });
});

describe('the thread', () => {
  it('builds no more batches ahead than it has credits, and none once stopped', async () => {
    const worker = new Worker(dist('dataset/batch-worker.js'), { workerData: { folder } });
    const post = (message: ToWorker) => worker.postMessage(message);
    const got: FromWorker['type'][] = [];
    worker.on('message', (message: FromWorker) => got.push(message.type));
    /** Waits for `count` messages, then long enough for the thread to have built everything it may. */
    const settle = async (count: number) => {
      while (got.length < count) await setTimeout(5);
      await setTimeout(100);
    };
    post({ type: 'start', stream: 1, plan, credits: 3 });
    await settle(3);
    expect(got).toEqual(['batch', 'batch', 'batch']);
    post({ type: 'take', stream: 1 });
    post({ type: 'take', stream: 1 });
    await settle(5);
    expect(got.length).toBe(5);
    post({ type: 'stop', stream: 1 });
    post({ type: 'take', stream: 1 });
    post({ type: 'measure', stream: 2, plan });
    await settle(6);
    expect(got.slice(5)).toEqual(['size']);
    await worker.terminate();
  });
});
