/**
 * What training begins with: fresh weights, pre-trained where the config says so, those of an earlier run, or those of the
 * last checkpoint of the run itself.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../common/context.js';
import { during } from '../common/during.js';
import { messageOf, UserError } from '../common/errors.js';
import { recoverFolder } from '../common/files.js';
import { mapValues } from '../common/map-values.js';
import type { Manifest } from '../common/prepared.js';
import { unseal, writeSealedJson } from '../common/sealed-json.js';
import type { Config, TrainConfig } from '../config/schema.js';
import { openPrepared } from '../dataset/prepared.js';
import { chunksOf } from '../engine/resource-variable.js';
import { type CarryOver, copySlots } from '../model/carry-over.js';
import { describeCheckpoint } from '../model/checkpoint.js';
import { modelShape } from '../model/shape.js';
import { type ModelWeights, writePart } from '../model/weights.js';
import { carryOver, openBest } from './earlier-run.js';
import type { LayerRules } from './layer-rates.js';
import { checkDays, learningEnd } from './learned-days.js';
import { Optimizer, type OptimizerOptions } from './optimizer.js';
import { preparedKey } from './prepared-key.js';
import { pretrainItems } from './pretrain-items.js';
import { pretrainWords } from './pretrain-words.js';
import { hasCheckpoint, runPaths } from './run-folder.js';
import { alone, type Team } from './team.js';
import { startState, type TrainingState } from './training-state.js';

export interface StartInput {
  readonly config: Config;
  readonly manifest: Manifest;
  readonly preparedFolder: string;
  /** Opened with `openRunFolder`. */
  readonly runFolder: string;
  readonly context: Context;
  readonly from?: StartFrom;
  /** The processes that train together; by default this one is alone. */
  readonly team?: Team;
}

/** Best weights of another run, with the slots of its optimiser, that a new run starts from. */
export interface StartFrom {
  /** Its folder. */
  readonly run: string;
  /** How what comes from there learns; null: as what is new. */
  readonly layers: LayerRules | null;
}

/** What a run started from, as its folder keeps it. */
export interface StartRecord extends StartFrom, Omit<CarryOver, 'grown'> {
  /** The step of the weights. */
  readonly step: number;
  /** sha256 of these. */
  readonly weights: string;
  /** Tables with new rows -> rows that the base has. */
  readonly grown: Readonly<Record<string, number>>;
}

export interface Start {
  readonly weights: ModelWeights;
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  /** null for a run that started from nothing. */
  readonly record: StartRecord | null;
}

/** Weights, the optimiser's slots and where training stands. */
export async function startOrGoOn(input: StartInput): Promise<Start> {
  const { config, manifest, runFolder, context, team = alone } = input;
  const { train, model } = config;
  const shape = modelShape(config, manifest);
  const last = join(runFolder, runPaths.last);
  await recoverFolder(last);
  const recordFile = join(runFolder, runPaths.start);
  const record = await readStart(runFolder);
  const isBegun = hasCheckpoint(runFolder);
  const from = input.from ?? record;
  await team.requireSame?.(await describeStart(isBegun ? last : from && join(from.run, runPaths.best)));
  if (!isBegun) {
    const weights = await team.fresh(shape, train.seed, model.embeddingDeviation);
    try {
      const learnedTo = learningEnd(manifest);
      const prepared = preparedKey(manifest);
      if (from) return await team.during(startFrom(from, weights, input, recordFile));
      const startMs = performance.now();
      await team.during(pretrain(weights, input));
      const seconds = (performance.now() - startMs) / 1000;
      const optimizer = new Optimizer(weights, train);
      return { weights, optimizer, state: { ...startState, seconds, learnedTo, prepared }, record: null };
    } catch (error) {
      weights.dispose();
      throw error;
    }
  }
  if (input.from) requireSameStart(runFolder, record, input.from, null);
  const { weights, state } = await during(context.progress, 'load weights', () =>
    team.load<TrainingState>(last, shape).catch((error) => {
      throw withOtherStart(error, runFolder);
    }),
  );
  if (state.prepared !== preparedKey(manifest)) {
    weights.dispose();
    throw new UserError(
      `Cannot go on with the run in ${runFolder}: the data in ${input.preparedFolder} is not what it was trained on; ` +
        'start another run (--set run.name=NAME), or train it anew (--force)',
    );
  }
  if (!record && state.earlierSteps > 0) {
    weights.dispose();
    throw new UserError(
      `Cannot go on with the run in ${runFolder}: expected ${recordFile}, which says what it started from, got none\n  ${OTHER_START}`,
    );
  }
  const optimizer = new Optimizer(weights, optimizerOptions(train, state.earlierSteps, record));
  await during(context.progress, 'load optimiser', () => team.loadSlots(last, optimizer)).catch((error) => {
    for (const owned of [optimizer, weights]) owned.dispose();
    throw withOtherStart(error, runFolder);
  });
  return { weights, optimizer, state, record };
}

/** In words; null for from scratch. */
async function describeStart(checkpoint: string | null): Promise<string> {
  if (!checkpoint) return 'fresh weights';
  const { state } = await describeCheckpoint<TrainingState>(checkpoint);
  const { step, best, prepared, metricsBytes } = state;
  return `a checkpoint of step ${step} (${JSON.stringify({ best: best?.step, prepared, metricsBytes })})`;
}

const OTHER_START = 'put a whole copy there, or train it anew (--force)';

/** What is left to do where the last checkpoint of a run cannot be read. */
function withOtherStart(error: unknown, runFolder: string): unknown {
  if (!(error instanceof UserError)) return error;
  return new UserError(
    `${error.message}\n  put a whole copy there, start another run from its best weights (--from ${runFolder} --set run.name=NAME), ` +
      'or train it anew (--force)',
    { cause: error },
  );
}

/** The steps of earlier runs are those of the weights that come from them. */
function optimizerOptions(
  train: TrainConfig,
  steps: number,
  record: Pick<StartRecord, 'copied'> | null,
): OptimizerOptions {
  return record ? { ...train, earlier: { steps, weights: new Set(record.copied) } } : train;
}

/** What a run started from; null where it started from nothing, or has not begun. */
export async function readStart(runFolder: string): Promise<StartRecord | null> {
  const file = join(runFolder, runPaths.start);
  if (!existsSync(file)) return null;
  const text = await readFile(file, 'utf8');
  try {
    return unseal<StartRecord>(file, text, { mayLack: true });
  } catch (cause) {
    throw new UserError(`Cannot go on with the run in ${runFolder}: ${messageOf(cause)}\n  ${OTHER_START}`, {
      cause,
    });
  }
}

/** Of a run that has a checkpoint. @throws UserError when it started from something else; `weights` is the sha256 of what it would start from now */
export function requireSameStart(
  runFolder: string,
  record: StartRecord | null,
  { run, layers }: StartFrom,
  weights: string | null,
): void {
  const differences = record
    ? [
        ...(resolve(record.run) === resolve(run) ? [] : [`from: was ${record.run}, now ${run}`]),
        ...(isDeepStrictEqual(record.layers, layers)
          ? []
          : [`layers: was ${JSON.stringify(record.layers)}, now ${JSON.stringify(layers)}`]),
        ...(weights === null || record.weights === weights
          ? []
          : [`the weights of ${run} have changed since`]),
      ]
    : [`from: was nothing, now ${run}`];
  if (differences.length === 0) return;
  throw new UserError(
    `Cannot go on with the run in ${runFolder}: it started otherwise\n  ${differences.join('\n  ')}\n` +
      '  start as it did, start another run (--set run.name=NAME), or train it anew (--force)',
  );
}

/** The best weights of a run into fresh ones, and its slots. */
async function startFrom(
  { run, layers }: StartFrom,
  weights: ModelWeights,
  input: StartInput,
  recordFile: string,
): Promise<Start> {
  const { config, context, manifest, team = alone } = input;
  const base = await during(context.progress, 'check earlier run', () => openBest(run));
  try {
    checkDays(base, manifest, context.logger);
    const plan = await during(context.progress, 'carry over weights', () => carryOver(base, weights, input));
    const earlierSteps = base.state.earlierSteps + base.state.step;
    const optimizer = new Optimizer(weights, optimizerOptions(config.train, earlierSteps, plan));
    await during(context.progress, 'carry over optimiser', () =>
      copySlots(base.slots, optimizer.slots, plan),
    );
    const { copied, created, skipped } = plan;
    const grown = Object.fromEntries(plan.grown);
    const { sha256, state } = base;
    const { step } = state;
    const record: StartRecord = { run, layers, step, weights: sha256, copied, grown, created, skipped };
    const counts = mapValues({ copied, grown: plan.grown, created, skipped }, (names) => [...names].length);
    context.logger.info(
      { run, layers, step, ...counts },
      'weights of an earlier run (start.json names them)',
    );
    if (team.isChief) await writeSealedJson(recordFile, record);
    const learnedTo = [state.learnedTo, learningEnd(manifest)].sort().at(-1)!;
    const begun = { ...startState, earlierSteps, learnedTo, prepared: preparedKey(manifest) };
    return { weights, optimizer, state: begun, record };
  } finally {
    await base.close();
  }
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
    for (const [start, end] of chunksOf(variable.whole)) {
      writePart(variable, start, vectors.subarray(start * units, end * units));
    }
  };
  try {
    for (const table of shape.fixedTables) replace(table, await pretrainItems(prepared, config, context));
    if (words) replace(words.table, await pretrainWords(prepared, config, context));
  } finally {
    prepared.close();
  }
}
