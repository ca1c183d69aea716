/** A step whose loss or gradient is not a finite number, kept so that it can be made again: its batch, and the weights before it. */
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import type { ModelWeights } from '../model/weights.js';
import type { Optimizer } from './optimizer.js';
import { runPaths } from './run-folder.js';
import type { StepFailure } from './steps.js';
import type { Team } from './team.js';

/** What the checkpoint `failed` of a run says beside weights and slots. */
export interface FailedStep extends StepFailure {
  /** Counts from 1. */
  readonly step: number;
  /** Weights that did not learn in the step. */
  readonly frozen: readonly string[];
  /** Share of the requests whose samples of a task are read, of a transfer that learns from few. */
  readonly limit: { readonly task: string; readonly share: number } | null;
  /** The prepared data that the requests are of (`preparedKey`). */
  readonly prepared: string;
}

/** Writes it, in the place of an older one, and returns what to tell the user. */
export async function keepFailedStep(
  runFolder: string,
  {
    team,
    weights,
    optimizer,
  }: { readonly team: Team; readonly weights: ModelWeights; readonly optimizer: Optimizer },
  failed: FailedStep,
): Promise<UserError> {
  const folder = join(runFolder, runPaths.failed);
  await team.save(folder, weights, optimizer, failed);
  return new UserError(
    `Cannot go on training ${runFolder}: step ${failed.step} expected finite numbers, got others in the ${failed.notFinite.join(', the ')}\n` +
      `  its batch, and the weights before it, are kept; \`dupn train --replay -c ${join(runFolder, runPaths.config)}\` looks into them\n` +
      '  a smaller train.learningRate or train.tableLearningRate, or train.clipNorm, may help (in a run from the start); ' +
      '--resume --set train.notFinite=skip goes on without the batch',
  );
}
