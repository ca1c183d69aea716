/** Runs that an earlier call of an experiment has left: whether they are done, and still what is asked for. */
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import type { Config } from '../config/schema.js';
import { describeCheckpoint } from '../model/checkpoint.js';
import { hasCheckpoint, runPaths } from '../training/run-folder.js';
import { isFinished, type TrainingState } from '../training/training-state.js';
import { changedSettings } from './open-run.js';

/** What says nothing of a model; all else must be as it was where a run is found. */
const MAY_CHANGE = ['data.root', 'preprocess.', 'eval.', 'run.'];

/** Whether a run is trained to its end by `rule`. */
export async function isTrained(folder: string, rule: Parameters<typeof isFinished>[1]): Promise<boolean> {
  if (!hasCheckpoint(folder)) return false;
  const { state } = await describeCheckpoint<TrainingState>(join(folder, runPaths.last));
  return isFinished(state, rule);
}

/** `experiment` is what the run belongs to. @throws UserError when the run, if there is one, has other settings */
export async function requireSameSettings(
  folder: string,
  config: Config,
  experiment: 'transfer' | 'backtest',
): Promise<void> {
  const changed = (await changedSettings(folder, config)).filter(
    (line) => !MAY_CHANGE.some((key) => line.startsWith(key)),
  );
  if (changed.length === 0) return;
  throw new UserError(
    `Cannot take over the run in ${folder}: it was trained with other settings\n  ${changed.join('\n  ')}\n` +
      `  use those, give the ${experiment} another name (--set run.name=NAME) or train all of its runs anew (--force)`,
  );
}
