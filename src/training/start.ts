/** What training begins with: fresh weights, pre-trained where the config says so, or those of the last checkpoint. */
import { join } from 'node:path';
import type { Context } from '../common/context.js';
import { recoverFolder } from '../common/files.js';
import type { Manifest } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import { openPrepared } from '../dataset/prepared.js';
import { loadCheckpoint, loadSlots } from '../model/checkpoint.js';
import { modelShape } from '../model/shape.js';
import { initialWeights, type ModelWeights } from '../model/weights.js';
import { Optimizer } from './optimizer.js';
import { pretrainItems } from './pretrain-items.js';
import { pretrainWords } from './pretrain-words.js';
import { hasCheckpoint, runPaths } from './run-folder.js';
import { startState, type TrainingState } from './training-state.js';

export interface StartInput {
  readonly config: Config;
  readonly manifest: Manifest;
  readonly preparedFolder: string;
  /** Opened with `openRunFolder`. */
  readonly runFolder: string;
  readonly context: Context;
}

export interface Start {
  readonly weights: ModelWeights;
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
}

/** Fresh weights, or those of the last checkpoint with the optimiser's slots. */
export async function startOrGoOn(input: StartInput): Promise<Start> {
  const { config, manifest, runFolder } = input;
  const { train, model } = config;
  const shape = modelShape(config, manifest);
  const last = join(runFolder, runPaths.last);
  await recoverFolder(last);
  if (!hasCheckpoint(runFolder)) {
    const weights = initialWeights(shape, train.seed, model.embeddingDeviation);
    const startMs = performance.now();
    await pretrain(weights, input);
    const seconds = (performance.now() - startMs) / 1000;
    return { weights, optimizer: new Optimizer(weights, train), state: { ...startState, seconds } };
  }
  const { weights, state } = await loadCheckpoint<TrainingState>(last, shape);
  const optimizer = new Optimizer(weights, train);
  await loadSlots(last, optimizer.slots);
  return { weights, optimizer, state };
}

/** Replaces tables of fresh weights by those that word2vec learns beforehand. */
async function pretrain({ shape, tables }: ModelWeights, input: StartInput): Promise<void> {
  const { config, preparedFolder, context } = input;
  const words = config.model.queryEmbeddings === 'word2vec' ? shape.queryField : null;
  if (shape.fixedTables.length === 0 && !words) return;
  const prepared = openPrepared(preparedFolder);
  const replace = (table: string, vectors: Float32Array) => {
    const variable = tables.get(table)!;
    const units = variable.shape[1]!;
    for (const [start, end] of variable.chunks()) {
      variable.writeRows(start, vectors.subarray(start * units, end * units));
    }
  };
  try {
    for (const table of shape.fixedTables) replace(table, await pretrainItems(prepared, config, context));
    if (words) replace(words.table, await pretrainWords(prepared, config, context));
  } finally {
    prepared.close();
  }
}
