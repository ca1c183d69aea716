/** What a finished run of a comparison came to: its metrics and its costs, read from its folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mapValues } from '../common/map-values.js';
import { readJson } from '../common/read-json.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';
import { describeCheckpoint } from '../model/checkpoint.js';
import { countParameters } from '../model/parameters.js';
import { hasCheckpoint, runPaths } from '../training/run-folder.js';
import { isFinished, type TrainingState } from '../training/training-state.js';
import type { Costs } from './costs.js';

export interface Outcome {
  /** As `auc[task]`; null where it could not be measured. */
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly costs: Costs;
  /** The last validation was the best one when `train.epochs` ended the training. */
  readonly cutShort: boolean;
  /** Task -> evaluation samples of each label. */
  readonly labels: Readonly<Record<string, readonly number[]>>;
}

/** Null of a run that is not trained to its end by `rule`, or whose best weights are not evaluated. */
export async function readOutcome(
  runFolder: string,
  rule: { readonly epochs: number; readonly patience: number },
): Promise<Outcome | null> {
  const file = join(runFolder, runPaths.evaluation);
  if (!hasCheckpoint(runFolder) || !existsSync(file)) return null;
  const last = await describeCheckpoint<TrainingState>(join(runFolder, runPaths.last));
  const evaluation = await readJson<SavedEvaluation>(file);
  if (!isFinished(last.state, rule) || evaluation.step !== last.state.best?.step) return null;
  const { dense, tables } = countParameters(last.shape);
  const { state } = last;
  return {
    metrics: evaluation.metrics,
    costs: {
      denseParameters: dense,
      tableParameters: tables,
      weightBytes: last.weightBytes,
      trainingSeconds: state.seconds,
      steps: state.step,
      scoringSeconds: evaluation.scoring.seconds,
    },
    cutShort: state.epoch >= rule.epochs && state.validationsWithoutBetter === 0 && state.best?.score != null,
    labels: mapValues(evaluation.tasks, ({ labels }) => labels),
  };
}
