/** Makes a step again whose loss or gradient was not a finite number, and looks where that comes from; nothing is updated. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { activeTasks } from '../common/active-tasks.js';
import { UserError } from '../common/errors.js';
import type { Manifest } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import type { Batch } from '../dataset/batch.js';
import { createBatchBuilder } from '../dataset/batch-builder.js';
import { openNames } from '../dataset/names.js';
import { selectRequests } from '../dataset/order.js';
import { openPrepared, type PreparedData } from '../dataset/prepared.js';
import { tf } from '../engine/tf.js';
import { loadCheckpoint } from '../model/checkpoint.js';
import { scoreBatch } from '../model/score.js';
import { modelShape } from '../model/shape.js';
import { allVariables, type ModelWeights } from '../model/weights.js';
import type { FailedStep } from './failed-step.js';
import { computeGradients } from './gradients.js';
import { preparedKey } from './prepared-key.js';
import { runPaths } from './run-folder.js';
import { stepOptions } from './step-options.js';
import { gradientsByWeight } from './steps.js';

export interface Replayed {
  readonly step: number;
  /** What was not a finite number when it was first made. */
  readonly notFinite: readonly string[];
  /** Task -> what it is now; of one that is not a finite number null. */
  readonly losses: Readonly<Record<string, number | null>>;
  /** Weight -> how many of its numbers are not finite, before the step. */
  readonly weights: Readonly<Record<string, number>>;
  /** The same of its gradient. */
  readonly gradients: Readonly<Record<string, number>>;
  /** Requests with a sample whose logits, without dropout, or whose label or weight are not finite. */
  readonly requests: readonly {
    readonly request: number;
    readonly user: string;
    /** ISO 8601 in UTC. */
    readonly time: string;
    readonly task: string;
  }[];
  readonly batchRequests: number;
}

/** @throws UserError when the run has no such step, or the prepared data is another */
export async function replay(
  config: Config,
  { manifest, preparedFolder }: { readonly manifest: Manifest; readonly preparedFolder: string },
  runFolder: string,
): Promise<Replayed> {
  const folder = join(runFolder, runPaths.failed);
  if (!existsSync(folder)) {
    throw new UserError(
      `Cannot replay a step of ${runFolder}: expected one that failed in ${folder}, got none; training has met only finite numbers`,
    );
  }
  const loaded = await loadCheckpoint<FailedStep>(folder, modelShape(config, manifest));
  const { weights, state } = loaded;
  const prepared = openPrepared(preparedFolder);
  try {
    if (state.prepared !== preparedKey(manifest)) {
      throw new UserError(
        `Cannot replay step ${state.step} of ${runFolder}: the data in ${preparedFolder} is not what it was made on`,
      );
    }
    const batch = batchOf(state, prepared, config);
    return {
      step: state.step,
      notFinite: state.notFinite,
      ...compute(weights, batch, state, config),
      weights: counted(allVariables(weights), (variable) => variable.read()),
      requests: await requestsOf(weights, batch, prepared),
      batchRequests: batch.requests.length,
    };
  } finally {
    prepared.close();
    weights.dispose();
  }
}

/** The batch as it was built. */
function batchOf({ requests, limit }: FailedStep, prepared: PreparedData, config: Config): Batch {
  const { model, train } = config;
  const tasks = Object.keys(activeTasks(config));
  const drawn =
    limit &&
    selectRequests(prepared, 'training', tasks, model.maxEvents, { ...limit, seed: train.seed }).drawn;
  return createBatchBuilder(prepared).build(
    Int32Array.from(requests),
    tasks,
    model.maxEvents,
    limit && drawn ? { task: limit.task, requests: drawn } : undefined,
  );
}

function compute(
  weights: ModelWeights,
  batch: Batch,
  { step, frozen }: FailedStep,
  config: Config,
): Pick<Replayed, 'losses' | 'gradients'> {
  const { dropoutRates, seed, ...options } = stepOptions(config);
  const dropout = { rates: dropoutRates, seed: [seed, step] as const };
  const isFrozen = new Set(frozen);
  const isTrained = (weight: string) => !isFrozen.has(weight);
  const losses: Record<string, number | null> = {};
  let gradients: Readonly<Record<string, number>> = {};
  tf.tidy(() => {
    const computed = computeGradients(weights, batch, { ...options, dropout, isTrained });
    for (const [task, value] of Object.entries(computed.lossByTask)) {
      const loss = value.dataSync()[0]!;
      losses[task] = Number.isFinite(loss) ? loss : null;
    }
    gradients = counted(Object.entries(gradientsByWeight(computed)), (gradient) => gradient);
  });
  return { losses, gradients };
}

/** Name -> numbers of a tensor that are not finite, where there are any. */
function counted<T>(
  values: Iterable<readonly [string, T]>,
  tensorOf: (value: T) => Parameters<typeof tf.isFinite>[0],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [name, value] of values) {
    tf.tidy(() => {
      const wrong = tf.logicalNot(tf.isFinite(tensorOf(value)));
      const count = tf.sum(tf.cast(wrong, 'float32')).dataSync()[0]!;
      if (count > 0) counts[name] = count;
    });
  }
  return counts;
}

async function requestsOf(
  weights: ModelWeights,
  batch: Batch,
  { folder, requests }: PreparedData,
): Promise<Replayed['requests']> {
  const found = new Map<string, { readonly request: number; readonly task: string }>();
  for (const [task, logits] of Object.entries(scoreBatch(weights, batch))) {
    const { request: rows, label, weight } = batch.tasks[task]!;
    const outputs = logits.length / rows.length;
    for (const [sample, row] of rows.entries()) {
      const values = [
        ...logits.subarray(sample * outputs, (sample + 1) * outputs),
        label[sample]!,
        weight[sample]!,
      ];
      if (values.every(Number.isFinite)) continue;
      const request = batch.requests[row]!;
      found.set(`${task} ${request}`, { request, task });
    }
  }
  const users = new Map([...found.values()].map(({ request }) => [request, requests.user.at(request)]));
  const names = await openNames(folder);
  try {
    const ids = await names.userIds([...users.values()]);
    return [...found.values()].map(({ request, task }) => ({
      request,
      user: ids.get(users.get(request)!)!,
      time: new Date(1000 * requests.time.at(request)).toISOString(),
      task,
    }));
  } finally {
    names.close();
  }
}
