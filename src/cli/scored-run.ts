/** The best weights of a run, ready to score what an evaluation is over. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { recoverFolder } from '../common/files.js';
import type { Config } from '../config/schema.js';
import type { BatchPlan } from '../dataset/batch-plan.js';
import { BatchSource } from '../dataset/batch-source.js';
import { measuredParts } from '../evaluation/measured.js';
import { type ScoredSamples, scoreBatches } from '../model/score-batches.js';
import { modelShape } from '../model/shape.js';
import type { ModelWeights } from '../model/weights.js';
import { loadBest } from '../training/earlier-run.js';
import { requireUnlearned } from '../training/learned-days.js';
import { planFor } from '../training/plans.js';
import { runPaths } from '../training/run-folder.js';
import type { TrainingState } from '../training/training-state.js';
import type { Prepared } from './require-prepared.js';

export interface ScoredRun {
  readonly weights: ModelWeights;
  readonly state: TrainingState;
  /** Part by part. */
  readonly plans: readonly BatchPlan[];
  /** All samples of the tasks of the config, in batches; `onWaited` is told at the end how long it has waited for them. */
  samples(onWaited?: (ms: number) => void): AsyncGenerator<ScoredSamples>;
  close(): void;
}

/** @throws UserError when the run has no weights */
export async function requireWeights(folder: string): Promise<void> {
  const checkpoint = join(folder, runPaths.best);
  await recoverFolder(checkpoint);
  if (existsSync(checkpoint)) return;
  throw new UserError(
    `Cannot evaluate ${folder}: expected trained weights in ${checkpoint}, got none; train it first`,
  );
}

/** @throws UserError when the run has no weights, those of another model, or has learned from what it would be measured on */
export async function openScoredRun(config: Config, prepared: Prepared, folder: string): Promise<ScoredRun> {
  await requireWeights(folder);
  const { manifest } = prepared;
  const { weights, state } = await loadBest(folder, modelShape(config, manifest), {
    manifest,
    preparedFolder: prepared.folder,
  });
  try {
    requireUnlearned({ folder, state }, manifest, 'measure');
  } catch (error) {
    weights.dispose();
    throw error;
  }
  const plans = measuredParts(manifest).map((part) => planFor(config, part, null));
  return {
    weights,
    state,
    plans,
    async *samples(onWaited = () => {}) {
      // Its thread holds arrays of the prepared data, which go with it.
      const source = new BatchSource(prepared.folder);
      try {
        for (const plan of plans) yield* scoreBatches(weights, source.batches(plan));
        onWaited(source.waitedMs);
      } finally {
        await source.close();
      }
    },
    close: () => weights.dispose(),
  };
}
