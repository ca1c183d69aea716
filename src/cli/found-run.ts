/** Runs that an earlier call of an experiment has left: whether they are done, and still what is asked for. */
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import type { Config } from '../config/schema.js';
import { describeCheckpoint, shapeDifference } from '../model/checkpoint.js';
import { modelShape } from '../model/shape.js';
import { preparedKey } from '../training/prepared-key.js';
import { hasCheckpoint, runPaths } from '../training/run-folder.js';
import { isFinished, type TrainingState } from '../training/training-state.js';
import { changedSettings } from './open-run.js';
import type { Prepared } from './require-prepared.js';

/** What says nothing of a model; all else must be as it was where a run is found. */
const MAY_CHANGE = ['data.root', 'preprocess.', 'eval.', 'run.'];

/** Whether a run is trained to its end by `rule`. */
export async function isTrained(folder: string, rule: Parameters<typeof isFinished>[1]): Promise<boolean> {
  if (!hasCheckpoint(folder)) return false;
  const { state } = await describeCheckpoint<TrainingState>(join(folder, runPaths.last));
  return isFinished(state, rule);
}

/**
 * `prepared` is what the run would be trained on, null where that has changed since for a reason; `experiment` is what it
 * belongs to.
 * @throws UserError when a run that is there was trained with other settings, or on other prepared data
 */
export async function requireSameRun(
  folder: string,
  config: Config,
  prepared: Prepared | null,
  experiment: 'transfer' | 'backtest',
): Promise<void> {
  const refuse = (what: string, differences: readonly string[]) =>
    new UserError(
      `Cannot take over the run in ${folder}: it was trained ${what}\n  ${differences.join('\n  ')}\n` +
        `  use those, give the ${experiment} another name (--set run.name=NAME) or train all of its runs anew (--force)`,
    );
  const changed = (await changedSettings(folder, config)).filter(
    (line) => !MAY_CHANGE.some((key) => line.startsWith(key)),
  );
  if (changed.length > 0) throw refuse('with other settings', changed);
  if (!prepared || !hasCheckpoint(folder)) return;
  const { shape, state } = await describeCheckpoint<TrainingState>(join(folder, runPaths.last));
  const difference = shapeDifference(shape, modelShape(config, prepared.manifest));
  if (difference) throw refuse('on other prepared data', [difference]);
  if (state.prepared !== preparedKey(prepared.manifest)) {
    throw refuse('on other prepared data', [`the files in ${prepared.folder} have changed since`]);
  }
}
