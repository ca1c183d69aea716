/** Scores the evaluation part with the best weights of a run, and saves what that gives in the run's folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { activeTasks } from '../common/active-tasks.js';
import type { Context } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { recoverFolder, writeJson } from '../common/files.js';
import { mapValues } from '../common/map-values.js';
import type { Manifest, Split } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import type { BatchPlan } from '../dataset/batch-plan.js';
import { BatchSource } from '../dataset/batch-source.js';
import { openPrepared } from '../dataset/prepared.js';
import { evaluateBaselines } from '../evaluation/baselines.js';
import { evaluate } from '../evaluation/evaluate.js';
import { gatherPredictions, type PredictionColumns, Predictions } from '../evaluation/predictions.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';
import { writePredictions } from '../evaluation/write-predictions.js';
import { type ScoredSamples, scoreBatches } from '../model/score-batches.js';
import { type ModelShape, modelShape } from '../model/shape.js';
import type { ModelWeights } from '../model/weights.js';
import { loadBest } from '../training/earlier-run.js';
import { requireUnlearned } from '../training/learned-days.js';
import { planFor } from '../training/plans.js';
import { runPaths } from '../training/run-folder.js';
import type { Prepared } from './require-prepared.js';

export type Baselines = Awaited<ReturnType<typeof evaluateBaselines>>;

export interface RunEvaluation extends SavedEvaluation {
  readonly run: string;
  /** Task -> what scores without a model reach on the same samples. */
  readonly baselines: Baselines;
  /** Where it is saved. */
  readonly file: string;
  /** The folder of the predictions, a file for each task. */
  readonly predictions: string;
}

/**
 * `output` is where the metrics and the predictions go, by default the folder of the run.
 * @throws UserError when the run has no weights, those of another model, or has learned from what it would be measured on
 */
export async function evaluateRun(
  config: Config,
  prepared: Prepared,
  folder: string,
  { progress, logger }: Context,
  output = folder,
): Promise<RunEvaluation> {
  const checkpoint = join(folder, runPaths.best);
  await recoverFolder(checkpoint);
  if (!existsSync(checkpoint)) {
    throw new UserError(
      `Cannot evaluate ${folder}: expected trained weights in ${checkpoint}, got none; train it first`,
    );
  }
  const tasks = activeTasks(config);
  const { manifest } = prepared;
  const { weights, state } = await loadBest(folder, modelShape(config, manifest), {
    manifest,
    preparedFolder: prepared.folder,
  });
  const { shape } = weights;
  const source = new BatchSource(prepared.folder);
  // An update is measured before it is learned.
  const parts = manifest.updateFrom ? (['training', 'validation'] as const) : (['evaluation'] as const);
  const plans = parts.map((part) => planFor(config, part, null));
  try {
    requireUnlearned({ folder, state }, manifest, 'measure');
    const sizes = await Promise.all(plans.map((plan) => source.measure(plan)));
    const requests = sizes.reduce((sum, size) => sum + size.requests, 0);
    const startMs = performance.now();
    const bar = progress.start('evaluate', countSamples(manifest, parts, Object.keys(tasks)));
    let done = 0;
    const scored = await gatherPredictions(scorePlans(weights, source, plans), (count) => {
      done += count;
      bar.update(done);
    }).finally(() => bar.stop());
    const seconds = (performance.now() - startMs - source.waitedMs) / 1000;
    const predictions = withEveryTask(shape, scored);
    for (const [task, { drawCorrection }] of Object.entries(shape.tasks)) {
      if (drawCorrection !== null) continue;
      const text =
        'its negatives are drawn by popularity or within a field: its predictions are of such samples';
      logger.warn({ task }, text);
    }
    const evaluation = evaluate(predictions, {
      kinds: mapValues(tasks, ({ kind }) => kind),
      userOfRequest: userOfRequest(prepared.folder),
      bootstrap: { samples: config.eval.bootstrapSamples, seed: config.eval.bootstrapSeed },
    });
    // Rates by counting would be of the samples that are measured.
    const baselines = manifest.updateFrom
      ? {}
      : await evaluateBaselines({
          preparedFolder: prepared.folder,
          keptColumns: mapValues(tasks, ({ samples }) => samples.keep),
          maxEvents: config.model.maxEvents,
        });
    const scoring = { requests, seconds };
    const result = { run: folder, step: state.step, ...evaluation, scoring, baselines };
    const predictionsFolder = join(output, runPaths.predictions);
    await writePredictions(predictionsFolder, {
      preparedFolder: prepared.folder,
      predictions,
      tasks: shape.tasks,
      limits: config.preprocess,
    });
    const file = join(output, runPaths.evaluation);
    await writeJson(file, result);
    return { ...result, file, predictions: predictionsFolder };
  } finally {
    weights.dispose();
    await source.close();
  }
}

/** A task without a sample in the evaluation part is reported as such. */
function withEveryTask(
  { tasks }: ModelShape,
  scored: ReadonlyMap<string, PredictionColumns>,
): ReadonlyMap<string, PredictionColumns> {
  return new Map(
    Object.entries(tasks).map(([task, { outputs }]) => [
      task,
      scored.get(task) ?? new Predictions(outputs).columns(),
    ]),
  );
}

function countSamples(manifest: Manifest, parts: readonly Split[], tasks: readonly string[]): number {
  const counts = tasks.flatMap((task) =>
    parts.flatMap((part) => Object.values(manifest.tasks[task]!.counts[part])),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function* scorePlans(
  weights: ModelWeights,
  source: BatchSource,
  plans: readonly BatchPlan[],
): AsyncGenerator<ScoredSamples> {
  for (const plan of plans) yield* scoreBatches(weights, source.batches(plan));
}

function userOfRequest(folder: string): Int32Array {
  const prepared = openPrepared(folder);
  try {
    const { user } = prepared.requests;
    return user.read(0, user.length);
  } finally {
    prepared.close();
  }
}
