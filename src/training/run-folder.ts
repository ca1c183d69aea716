/** The folder of a run: made once, never silently overwritten. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { finishRemoval, recoverFolder, removeFolder } from '../common/files.js';

/** Paths inside a run folder. */
export const runPaths = {
  config: 'config.resolved.yaml',
  environment: 'env.json',
  log: 'train.log',
  metrics: 'metrics.jsonl',
  tensorboard: 'tensorboard',
  /** Of a run that started from another one. */
  start: 'start.json',
  last: 'checkpoints/last',
  best: 'checkpoints/best',
  /** A step that could not be made, with the weights before it. */
  failed: 'checkpoints/failed',
  evaluation: 'eval/metrics.json',
  predictions: 'eval/predictions',
  /** What a validation may put on disk. */
  temporary: '.validation',
} as const;

/** Whether training can go on from what is in the folder. */
export function hasCheckpoint(runFolder: string): boolean {
  return existsSync(join(runFolder, runPaths.last));
}

/**
 * Makes the folder, or takes the one that is there: to go on with it (`resume`) or to start it anew (`force`).
 * @throws UserError when there is one and neither was asked for
 */
export async function openRunFolder(
  runFolder: string,
  { resume, force }: { readonly resume: boolean; readonly force: boolean },
): Promise<void> {
  await finishRemoval(runFolder);
  await recoverFolder(join(runFolder, runPaths.last));
  const used = existsSync(join(runFolder, runPaths.metrics)) || hasCheckpoint(runFolder);
  if (!resume) {
    if (used && !force) {
      throw new UserError(
        `Cannot start a run in ${runFolder}: it holds one already; ` +
          'go on with it (--resume), write over it (--force) or give this one a name (--set run.name=NAME)',
      );
    }
    if (used) await removeFolder(runFolder);
    // One that ended before its first checkpoint leaves what it started from.
    else await rm(join(runFolder, runPaths.start), { force: true });
  }
  await mkdir(runFolder, { recursive: true });
}
