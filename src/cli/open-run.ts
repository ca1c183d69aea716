/** Opens the folder of a run for training: locked, with the config that it is trained with and a record of the machine. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../common/errors.js';
import { writeFileAtomic, writeJson } from '../common/files.js';
import { type Lock, lockFolder } from '../common/lock.js';
import { loadConfig } from '../config/load.js';
import { describeDifference } from '../config/prepared-slice.js';
import { renderConfig } from '../config/render.js';
import type { Config } from '../config/schema.js';
import { diagnose } from '../engine/diagnose.js';
import { openRunFolder, runPaths } from '../training/run-folder.js';

/** What may change between the sessions of one run; any other change would make it a different model. */
const MAY_CHANGE = [
  'data.root',
  'preprocess.',
  'eval.',
  'run.',
  'distributed.',
  'train.epochs',
  'train.patience',
  'train.notFinite',
];

export interface OpenRun {
  readonly folder: string;
  /** Beside the folder, which --force removes. */
  readonly lock: Lock;
}

/** @throws UserError when another process trains it, when it exists already, or has other settings than `--resume` needs */
export async function openRun(
  config: Config,
  options: { readonly resume: boolean; readonly force: boolean },
): Promise<OpenRun> {
  const folder = runFolder(config);
  const lock = await lockRun(config);
  try {
    if (options.resume) await checkSameRun(folder, config);
    await openRunFolder(folder, options);
    await writeFileAtomic(join(folder, runPaths.config), renderConfig(config));
    await writeJson(join(folder, runPaths.environment), {
      startedAt: new Date().toISOString(),
      ...diagnose(),
    });
    return { folder, lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Beside the folder of the run. @throws UserError when another process works on it */
export const lockRun = (config: Config): Promise<Lock> => lockFolder(runFolder(config), 'the run');

export function runFolder({ run }: Config): string {
  return join(run.folder, run.name);
}

/** A folder as it is given, or the name of a run in run.folder. */
export function findRun(config: Config, run: string | undefined): string {
  if (run === undefined) return runFolder(config);
  return run === basename(run) && !existsSync(join(run, runPaths.best)) ? join(config.run.folder, run) : run;
}

/** Each setting that a run was trained with and that is another in the config, as `key: was <a>, now <b>`. */
export async function changedSettings(folder: string, config: Config): Promise<string[]> {
  const trained = await trainedConfig(folder);
  return trained ? describeDifference(trained, config) : [];
}

/** What a run was trained with; null where its folder does not say. */
export async function trainedConfig(folder: string): Promise<Config | null> {
  const file = join(folder, runPaths.config);
  const exists = await readFile(file).then(
    () => true,
    () => false,
  );
  return exists ? loadConfig(file) : null;
}

async function checkSameRun(folder: string, config: Config): Promise<void> {
  const differences = (await changedSettings(folder, config)).filter(
    (line) => !MAY_CHANGE.some((key) => line.startsWith(key)),
  );
  if (differences.length > 0) {
    throw new UserError(
      `Cannot resume the run in ${folder}: it was started with other settings\n  ${differences.join('\n  ')}\n` +
        '  use those, or start another run (--set run.name=NAME)',
    );
  }
}
