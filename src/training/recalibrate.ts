/**
 * Re-estimates the statistics of normalised layers on the training requests as they are: every sample counted once,
 * nothing dropped. Layer after layer, since what reaches the second one depends on the statistics of the first.
 */
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Tensor2D } from '@tensorflow/tfjs-node';
import { activeTasks } from '../common/active-tasks.js';
import { type Progress, silentContext } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { recoverFolder } from '../common/files.js';
import { mapValues } from '../common/map-values.js';
import type { Manifest } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import { BatchSource } from '../dataset/batch-source.js';
import { tf } from '../engine/tf.js';
import { describeCheckpoint, loadCheckpoint, loadSlots, saveCheckpoint } from '../model/checkpoint.js';
import { scoreBatch } from '../model/score.js';
import { type ModelShape, modelShape } from '../model/shape.js';
import type { ModelWeights } from '../model/weights.js';
import { Optimizer } from './optimizer.js';
import { planFor } from './plans.js';
import { runPaths } from './run-folder.js';
import type { TrainingState } from './training-state.js';

/** Sums over the samples, in float64, by unit. */
interface Sums {
  samples: number;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

export interface Recalibrated {
  readonly layers: readonly string[];
  /** Training samples of the normalised tasks. */
  readonly samples: number;
}

/**
 * Of the best weights of a run, which are written in their place; its evaluation, which was of other weights, is removed.
 * The prepared data may be another than the run was trained on, with samples that are neither filtered nor drawn, as long
 * as its vocabularies are the same.
 * @throws UserError when no tower is normalised
 */
export async function recalibrate(
  input: {
    readonly config: Config;
    readonly manifest: Manifest;
    readonly preparedFolder: string;
    readonly runFolder: string;
  },
  progress: Progress = silentContext.progress,
): Promise<Recalibrated> {
  const { config, manifest, preparedFolder } = input;
  const folder = join(input.runFolder, runPaths.best);
  await recoverFolder(folder);
  const { shape: trained } = await describeCheckpoint(folder);
  const shape = withCorrections(modelShape(config, manifest), trained);
  const depth = Math.max(
    0,
    ...Object.values(shape.tasks).map(({ batchNormalisation, layers }) =>
      batchNormalisation ? layers.length : 0,
    ),
  );
  if (depth === 0) {
    throw new UserError(
      'Cannot recalibrate: required a task with tower.batchNormalisation and hidden layers, got none',
    );
  }
  const { weights, state } = await loadCheckpoint<TrainingState>(folder, shape).catch((cause) => {
    if (!(cause instanceof UserError)) throw cause;
    throw new UserError(
      `${cause.message}\n  the data that statistics are taken from must give the vocabularies, and the normalisation of numbers, that the run was trained with`,
      { cause },
    );
  });
  const optimizer = new Optimizer(weights, config.train);
  const source = new BatchSource(preparedFolder);
  try {
    await loadSlots(folder, optimizer.slots);
    const layers: string[] = [];
    let samples = 0;
    const { requests } = await source.measure(planFor(config, 'training', null));
    const bar = progress.start('recalibrate', depth * requests);
    let done = 0;
    for (let layer = 0; layer < depth; layer++) {
      const sums = await sumsOfLayer(weights, source, config, layer, (count) => {
        done += count;
        bar.update(done, { layer });
      });
      for (const [name, { samples: n, sum, squares }] of sums) {
        const mean = Float32Array.from(sum, (value) => value / n);
        const variance = Float32Array.from(squares, (value, unit) =>
          Math.max(0, value / n - (sum[unit]! / n) ** 2),
        );
        tf.tidy(() => {
          weights.statistics.get(`${name}/mean`)!.assign(tf.tensor1d(mean));
          weights.statistics.get(`${name}/variance`)!.assign(tf.tensor1d(variance));
        });
        layers.push(name);
        if (layer === 0) samples += n;
      }
    }
    bar.stop();
    if (layers.length < countLayers(shape)) throw noSamples(config);
    await rm(dirname(join(input.runFolder, runPaths.evaluation)), { recursive: true, force: true });
    await saveCheckpoint(folder, weights, optimizer.slots, state);
    return { layers, samples };
  } finally {
    optimizer.dispose();
    weights.dispose();
    await source.close();
  }
}

const countLayers = ({ tasks }: ModelShape) =>
  Object.values(tasks).reduce((sum, task) => sum + (task.batchNormalisation ? task.layers.length : 0), 0);

function noSamples(config: Config): UserError {
  const tasks = Object.entries(activeTasks(config)).flatMap(([name, { tower }]) =>
    tower.batchNormalisation ? [name] : [],
  );
  return new UserError(
    `Cannot recalibrate: required training samples of every task with batchNormalisation (${tasks.join(', ')}), got none of one`,
  );
}

/** How the samples of training were drawn and weighted stays what undoes it; no normalised layer reads features that are ranked by. */
function withCorrections(shape: ModelShape, trained: ModelShape): ModelShape {
  const tasks = mapValues(shape.tasks, (task, name) => {
    const { weightCorrection, drawCorrection, features } = trained.tasks[name] ?? task;
    return { ...task, weightCorrection, drawCorrection, ...(task.kind === 'rank' && { features }) };
  });
  return { ...shape, tasks };
}

/** One pass over the training requests; the layers below have their new statistics already. */
async function sumsOfLayer(
  weights: ModelWeights,
  source: BatchSource,
  config: Config,
  layer: number,
  onRequests: (count: number) => void,
): Promise<ReadonlyMap<string, Sums>> {
  const all = new Map<string, Sums>();
  for await (const batch of source.batches(planFor(config, 'training', null))) {
    const see = (name: string, z: Tensor2D) => {
      if (!name.endsWith(`/${layer}`)) return;
      const [rows, units] = z.shape;
      const values = z.dataSync();
      const sums = all.get(name) ?? {
        samples: 0,
        sum: new Float64Array(units),
        squares: new Float64Array(units),
      };
      all.set(name, sums);
      sums.samples += rows;
      for (const [at, value] of values.entries()) {
        sums.sum[at % units]! += value;
        sums.squares[at % units]! += value * value;
      }
    };
    scoreBatch(weights, batch, { see });
    onRequests(batch.requests.length);
  }
  return all;
}
