/** Scores the evaluation part with the best weights of a run, and saves what that gives in the run's folder. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { activeTasks } from '../common/active-tasks.js';
import type { Context, Logger } from '../common/context.js';
import { during } from '../common/during.js';
import { UserError } from '../common/errors.js';
import { withWorkFolder, writeJson } from '../common/files.js';
import { acquireLock } from '../common/lock.js';
import { mapValues } from '../common/map-values.js';
import type { Config } from '../config/schema.js';
import type { PreparedData } from '../dataset/prepared.js';
import { type Baselines, evaluateBaselines } from '../evaluation/baselines.js';
import { type Evaluated, type EvaluateOptions, Evaluator } from '../evaluation/evaluate.js';
import { countRequests, measuredRequests, openMeasured, samplesOf, usersOf } from '../evaluation/measured.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';
import {
  type OpenSliceCodes,
  openSliceCodes,
  type SliceInput,
} from '../evaluation/slicing/open-slice-codes.js';
import { type TrainedRun, warningsOf } from '../evaluation/warnings.js';
import { PredictionsWriter } from '../evaluation/write-predictions.js';
import { type ModelShape, modelShape } from '../model/shape.js';
import { runReportPaths } from '../report/write-run-report.js';
import { runPaths } from '../training/run-folder.js';
import { compareWith, type OtherRun, sharedTasks } from './against-run.js';
import type { Prepared } from './require-prepared.js';
import { openScoredRun, requireWeights, type ScoredRun } from './scored-run.js';
import { trainedRun } from './trained-run.js';

export interface RunEvaluation extends SavedEvaluation {
  /** Where it is saved. */
  readonly file: string;
  /** The folder of the predictions, a file for each task. */
  readonly predictions: string;
}

export interface EvaluateRunOptions {
  /** Where the metrics and the predictions go, by default the folder of the run. */
  readonly output?: string;
  /** What it is compared with. */
  readonly against?: OtherRun | null;
  /** What else is done with the run while its weights are there; it is told what was measured. */
  readonly look?: (run: ScoredRun, evaluation: SavedEvaluation) => Promise<void>;
}

/** What DuckDB may use beside the model and the samples that are sorted. */
const MEMORY_LIMIT = '100MB';

/** @throws UserError as `openScoredRun` and `compareWith`, while another process evaluates the run, and for a column under eval.slices that there is none of */
export async function evaluateRun(
  config: Config,
  prepared: Prepared,
  folder: string,
  context: Context,
  { output = folder, against = null, look }: EvaluateRunOptions = {},
): Promise<RunEvaluation> {
  await requireWeights(folder);
  const file = join(output, runPaths.evaluation);
  const predictions = join(output, runPaths.predictions);
  const reportFiles = Object.values(runReportPaths).map((path) => join(output, path));
  const limits = { memoryLimit: MEMORY_LIMIT, threads: config.preprocess.threads };
  const slices: Record<string, OpenSliceCodes> = {};
  const lock = await acquireLock(join(output, '.eval.lock'), `the evaluation in ${output}`);
  const data = openMeasured(prepared.folder);
  try {
    if (against) {
      sharedTasks(against, modelShape(config, prepared.manifest).tasks);
      await requireWeights(against.folder);
    }
    return await withWorkFolder(predictions, async (work) => {
      // Before the weights come, as both take memory.
      await during(context.progress, 'slices', () =>
        openSlices(config, data, { folder: work, limits }, slices),
      );
      const run = await openScoredRun(config, prepared, folder);
      try {
        warnOfDraws(run.weights.shape, context.logger);
        const trained = await trainedRun(folder, config, Object.keys(run.weights.shape.tasks));
        const parts = { config, data, run, slices, work, limits, context, against, trained };
        const result: SavedEvaluation = {
          run: folder,
          ...(await measure(parts, { file, predictions, reportFiles })),
        };
        await writeJson(file, result);
        await look?.(run, result);
        return { ...result, file, predictions };
      } finally {
        run.close();
      }
    });
  } finally {
    for (const codes of Object.values(slices)) codes.close();
    data.close();
    await lock.release();
  }
}

interface Parts {
  readonly config: Config;
  readonly data: PreparedData;
  readonly run: ScoredRun;
  readonly slices: Readonly<Record<string, OpenSliceCodes>>;
  /** For temporary files. */
  readonly work: string;
  readonly limits: SliceInput['limits'];
  readonly context: Context;
  readonly against: OtherRun | null;
  readonly trained: TrainedRun;
}

interface Outputs {
  /** Of the metrics. */
  readonly file: string;
  /** Folder of the predictions. */
  readonly predictions: string;
  readonly reportFiles: readonly string[];
}

/** Everything of the samples; their scores go to the folder of the predictions, whose older metrics and page go first. */
async function measure(parts: Parts, outputs: Outputs): Promise<Omit<SavedEvaluation, 'run'>> {
  const { data, run, limits, context, against, trained } = parts;
  const options = optionsOf(parts);
  const { measured, seconds } = await measureModel(parts, options, outputs);
  const { resampled, ...kept } = measured;
  const { baselines, differences, leaks } = await baselinesOf(parts, measured);
  const requests = measuredRequests(data.manifest);
  return {
    ...{ step: run.state.step, ...kept, baselines, differences },
    warnings: warningsOf({ ...kept, differences }, leaks, trained),
    scoring: { requests: countRequests(data, Object.keys(options.tasks), requests), seconds },
    against:
      against &&
      (await compareWith(against, {
        ...{ run, data, options, measured, limits, progress: context.progress },
      })),
  };
}

function optionsOf({ config, data, run, slices, work }: Parts): EvaluateOptions {
  const requests = measuredRequests(data.manifest);
  return {
    tasks: mapValues(run.weights.shape.tasks, ({ kind, outputs }, task) => ({
      ...{ kind, outputs, slices: slices[task]!, users: usersOf(data, task, requests) },
    })),
    bootstrap: bootstrapOf(config),
    ndcgAt: config.eval.ndcgAt,
    folder: work,
    name: 'model',
  };
}

/** What it keeps of the samples goes before others are measured: with many samples that is much. */
async function measureModel(
  parts: Parts,
  options: EvaluateOptions,
  { file, predictions, reportFiles }: Outputs,
): Promise<{ readonly measured: Evaluated; readonly seconds: number }> {
  const { data, run, work, limits, context } = parts;
  const requests = measuredRequests(data.manifest);
  const evaluator = new Evaluator(options);
  const writer = new PredictionsWriter({
    preparedFolder: data.folder,
    tasks: mapValues(run.weights.shape.tasks, (ofTask, task) => ({
      ...ofTask,
      samples: samplesOf(data, task, requests),
    })),
    ...{ work, limits },
  });
  try {
    const seconds = await score(parts, (scored) => {
      evaluator.add(scored);
      writer.add(scored);
    });
    for (const older of [file, ...reportFiles]) await rm(older, { recursive: true, force: true });
    await writer.write(predictions, context.progress);
    return { measured: await finish(evaluator, context), seconds };
  } finally {
    evaluator.close();
    writer.close();
  }
}

const bootstrapOf = ({ eval: { bootstrapSamples, bootstrapSeed } }: Config) => ({
  samples: bootstrapSamples,
  seed: bootstrapSeed,
});

/** Seconds that it took, waiting for batches left out. */
async function score(
  { data, run, context }: Parts,
  take: (scored: Parameters<Evaluator['add']>[0]) => void,
): Promise<number> {
  const requests = measuredRequests(data.manifest);
  const samples = Object.keys(run.weights.shape.tasks).map((task) => samplesOf(data, task, requests));
  const total = samples.reduce((sum, [start, end]) => sum + end - start, 0);
  const startMs = performance.now();
  const bar = context.progress.start('score samples', total);
  let done = 0;
  let waitedMs = 0;
  const samplesOfRun = run.samples((ms) => {
    waitedMs = ms;
  });
  try {
    for await (const scored of samplesOfRun) {
      take(scored);
      done += scored.label.length;
      bar.update(done);
    }
  } finally {
    bar.stop();
  }
  return (performance.now() - startMs - waitedMs) / 1000;
}

async function finish(evaluator: Evaluator, { progress }: Context): Promise<Evaluated> {
  const bar = progress.start('resample users', 100);
  try {
    return await evaluator.finish((share) => bar.update(Math.round(100 * share)));
  } finally {
    bar.stop();
  }
}

/** None of an update: rates by counting would be of the samples that are measured. */
async function baselinesOf(
  { config, data, work, limits, context }: Parts,
  model: Evaluated,
): Promise<Baselines> {
  if (data.manifest.updateFrom) return { baselines: {}, differences: {}, leaks: {} };
  return evaluateBaselines({
    prepared: data,
    keptColumns: mapValues(activeTasks(config), ({ samples }) => samples.keep),
    maxEvents: config.model.maxEvents,
    bootstrap: bootstrapOf(config),
    ndcgAt: config.eval.ndcgAt,
    ...{ model, folder: work, limits, progress: context.progress },
  });
}

/** Fills `slices` by task. */
async function openSlices(
  config: Config,
  prepared: PreparedData,
  shared: Pick<SliceInput, 'folder' | 'limits'>,
  slices: Record<string, OpenSliceCodes>,
): Promise<void> {
  const { slices: columns = null } = config.eval;
  const { maxEvents } = config.model;
  for (const [task, { samples }] of Object.entries(activeTasks(config))) {
    const { keep } = samples;
    const { timeZone } = config.data;
    slices[task] = await openSliceCodes({ ...shared, prepared, task, keep, maxEvents, timeZone, columns });
  }
  const known = [...new Set(Object.values(slices).flatMap((codes) => codes.known))];
  const unknown = (columns ?? []).filter((column) => !known.includes(column));
  if (unknown.length === 0) return;
  throw new UserError(
    `Cannot slice by ${unknown.join(', ')} (eval.slices): no task has such a column; there are ${known.join(', ')}`,
  );
}

function warnOfDraws({ tasks }: ModelShape, logger: Logger): void {
  for (const [task, { drawCorrection }] of Object.entries(tasks)) {
    if (drawCorrection !== null) continue;
    const text =
      'its negatives are drawn by popularity or within a field: its predictions are of such samples';
    logger.warn({ task }, text);
  }
}
