/** What an evaluation has to say of how a run was trained. */
import { join } from 'node:path';
import { describeDifference, preparedSlice } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';
import type { TrainedRun } from '../evaluation/warnings.js';
import { describeCheckpoint } from '../model/checkpoint.js';
import { hasCheckpoint, runPaths } from '../training/run-folder.js';
import { isFinished, type TrainingState } from '../training/training-state.js';
import { trainedConfig } from './open-run.js';

/** Other periods, files or columns beside the samples leave their meaning as it is; the order of fields is a matter of the model's shape. */
const SAME_MEANING =
  /^(split\.|fieldOrder\.|data\.[^.]+\.files|tasks\.[^.]+\.(trainFrom|samples\.(files|keep))\b)/;

export async function trainedRun(
  folder: string,
  config: Config,
  tasks: readonly string[],
): Promise<TrainedRun> {
  const trained = await trainedConfig(folder);
  if (!trained) return { changed: {}, epochs: null };
  const changed = describeDifference(preparedSlice(trained), preparedSlice(config)).filter(
    (line) => !SAME_MEANING.test(line),
  );
  const byTask = tasks.map((task) => {
    const lines = changed.filter((line) => !line.startsWith('tasks.') || line.startsWith(`tasks.${task}.`));
    return [task, lines] as const;
  });
  return {
    changed: Object.fromEntries(byTask.filter(([, lines]) => lines.length > 0)),
    epochs: await unfinishedEpochs(folder, trained),
  };
}

async function unfinishedEpochs(folder: string, { train }: Config): Promise<TrainedRun['epochs']> {
  if (!hasCheckpoint(folder)) return null;
  const { state } = await describeCheckpoint<TrainingState>(join(folder, runPaths.last));
  return isFinished(state, train) ? null : [state.epoch, train.epochs];
}
