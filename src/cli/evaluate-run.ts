/** Scores the evaluation part with the best weights of a run, and saves what that gives in the run's folder. */
import { join } from 'node:path';
import { activeTasks } from '../common/active-tasks.js';
import type { Context, Logger } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { withWorkFolder, writeJson } from '../common/files.js';
import { mapValues } from '../common/map-values.js';
import type { Manifest } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import { openPrepared, type PreparedData } from '../dataset/prepared.js';
import { evaluateBaselines } from '../evaluation/baselines.js';
import { type EvaluateOptions, Evaluator } from '../evaluation/evaluate.js';
import { measuredParts, measuredRequests, usersOf } from '../evaluation/measured.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';
import { type OpenSliceCodes, openSliceCodes } from '../evaluation/slice-columns.js';
import { warningsOf } from '../evaluation/warnings.js';
import { PredictionsWriter } from '../evaluation/write-predictions.js';
import type { ModelShape } from '../model/shape.js';
import { runPaths } from '../training/run-folder.js';
import { compareWith, type OtherRun, sharedTasks } from './against-run.js';
import type { Prepared } from './require-prepared.js';
import { openScoredRun } from './scored-run.js';

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
}

/** What DuckDB may use beside the model and the samples that are sorted. */
const MEMORY_LIMIT = '400MB';

/** @throws UserError as `openScoredRun` and `compareWith`, and for a column under eval.slices that there is none of */
export async function evaluateRun(
  config: Config,
  prepared: Prepared,
  folder: string,
  { progress, logger }: Context,
  { output = folder, against = null }: EvaluateRunOptions = {},
): Promise<RunEvaluation> {
  const tasks = activeTasks(config);
  const { manifest } = prepared;
  const run = await openScoredRun(config, prepared, folder);
  const { shape } = run.weights;
  const file = join(output, runPaths.evaluation);
  const predictions = join(output, runPaths.predictions);
  const limits = { memoryLimit: MEMORY_LIMIT, threads: config.preprocess.threads };
  const data = openPrepared(prepared.folder);
  const slices: Record<string, OpenSliceCodes> = {};
  try {
    warnOfDraws(shape, logger);
    if (against) sharedTasks(against, shape.tasks);
    return await withWorkFolder(predictions, async (work) => {
      await openSlices(config, data, { work, limits, slices });
      const options: EvaluateOptions = {
        tasks: mapValues(shape.tasks, ({ kind, outputs }, task) => ({
          ...{ kind, outputs, slices: slices[task]! },
          users: usersOf(data, task, measuredRequests(manifest)),
        })),
        bootstrap: { samples: config.eval.bootstrapSamples, seed: config.eval.bootstrapSeed },
        ndcgAt: config.eval.ndcgAt,
        folder: work,
        name: 'model',
      };
      const evaluator = new Evaluator(options);
      const writer = await PredictionsWriter.open({
        ...{ preparedFolder: prepared.folder, tasks: shape.tasks, work, limits },
      });
      try {
        const startMs = performance.now();
        const bar = progress.start('score', countSamples(manifest, Object.keys(tasks)));
        let done = 0;
        for await (const scored of run.samples()) {
          evaluator.add(scored);
          writer.add(scored);
          done += scored.label.length;
          bar.update(done);
        }
        bar.stop();
        const seconds = (performance.now() - startMs - run.waitedMs()) / 1000;
        const resampling = progress.start('resample', 100);
        const { resampled, ...measured } = evaluator.finish((share) =>
          resampling.update(Math.round(100 * share)),
        );
        resampling.stop();
        // Rates by counting would be of the samples that are measured.
        const { baselines, leaks } = manifest.updateFrom
          ? { baselines: {}, leaks: {} }
          : await evaluateBaselines({
              preparedFolder: prepared.folder,
              keptColumns: mapValues(tasks, ({ samples }) => samples.keep),
              maxEvents: config.model.maxEvents,
              ...{ ndcgAt: config.eval.ndcgAt, folder: work, limits, progress },
            });
        const result: SavedEvaluation = {
          ...{ run: folder, step: run.state.step, ...measured },
          warnings: warningsOf({ metrics: measured.metrics, baselines }, leaks),
          scoring: { requests: run.requests, seconds },
          baselines,
          against:
            against &&
            (await compareWith(against, {
              ...{ run, data, options, measured: { ...measured, resampled }, limits, progress },
            })),
        };
        await writer.write(predictions);
        await writeJson(file, result);
        return { ...result, file, predictions };
      } finally {
        evaluator.close();
        writer.close();
      }
    });
  } finally {
    for (const codes of Object.values(slices)) codes.close();
    data.close();
    await run.close();
  }
}

/** Fills `slices` by task. */
async function openSlices(
  config: Config,
  prepared: PreparedData,
  {
    work,
    limits,
    slices,
  }: {
    readonly work: string;
    readonly limits: { readonly memoryLimit: string; readonly threads: number | undefined };
    readonly slices: Record<string, OpenSliceCodes>;
  },
): Promise<void> {
  const { slices: columns = null } = config.eval;
  const { maxEvents } = config.model;
  for (const [task, { samples }] of Object.entries(activeTasks(config))) {
    slices[task] = await openSliceCodes({
      ...{ prepared, task, keep: samples.keep, maxEvents, timeZone: config.data.timeZone },
      ...{ columns, folder: work, limits },
    });
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

function countSamples(manifest: Manifest, tasks: readonly string[]): number {
  const counts = tasks.flatMap((task) =>
    measuredParts(manifest).flatMap((part) => Object.values(manifest.tasks[task]!.counts[part])),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
