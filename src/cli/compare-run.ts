/** One run of a comparison: prepares, trains and evaluates what is not done yet. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { preparedPaths } from '../common/prepared.js';
import { type Outcome, readOutcome } from '../experiments/outcome.js';
import type { PlannedRun } from '../experiments/runs.js';
import { evaluateRun } from './evaluate-run.js';
import { changedSettings, runFolder } from './open-run.js';
import { prepareFolder } from './prepare-folder.js';
import { type Prepared, preparedFolder, requirePrepared } from './require-prepared.js';
import type { Session } from './session.js';
import { trainRun } from './train-run.js';

/** What says nothing of the model; unlike in a run by itself, epochs and patience may not change: rows share them. */
const MAY_CHANGE = ['data.root', 'preprocess.', 'run.'];

export interface CompareOptions {
  readonly baseFile: string;
  /** Trains it anew. */
  readonly force: boolean;
}

/** @throws UserError when the run was trained with other settings, or cannot be prepared, trained or evaluated */
export async function compareRun(
  run: PlannedRun,
  { baseFile, force }: CompareOptions,
  session: Session,
): Promise<Outcome> {
  const { config } = run;
  const folder = runFolder(config);
  if (!force) {
    const evaluatedSo = await checkSettings(run, folder);
    const done = evaluatedSo ? await readOutcome(folder, config.train) : null;
    if (done) return done;
  }
  const prepared = await prepare(run, baseFile, session);
  await trainRun(config, prepared, { resume: !force, force }, session);
  await evaluateRun(config, prepared, folder, session.context);
  const outcome = await readOutcome(folder, config.train);
  if (!outcome) throw new Error(`the run in ${folder} was trained and evaluated, and is not finished`);
  return outcome;
}

/** Whether the run, if there is one, has the settings of the evaluation too; other settings of the model are an error. */
async function checkSettings({ config }: PlannedRun, folder: string): Promise<boolean> {
  const changed = (await changedSettings(folder, config)).filter(
    (line) => !MAY_CHANGE.some((key) => line.startsWith(key)),
  );
  const ofModel = changed.filter((line) => !line.startsWith('eval.'));
  if (ofModel.length > 0) {
    throw new UserError(
      `Cannot compare the run in ${folder}: it was trained with other settings\n  ${ofModel.join('\n  ')}\n` +
        '  use those, give the comparison another name (--set name=NAME) or train all of its runs anew (--force)',
    );
  }
  return changed.length === 0;
}

/** Data that only this comparison uses is kept up to date; that of the base is made where there is none. */
async function prepare(
  { config, usesDataOfBase }: PlannedRun,
  baseFile: string,
  { context }: Session,
): Promise<Prepared> {
  const isThere = existsSync(join(preparedFolder(config), preparedPaths.manifest));
  if (!usesDataOfBase || !isThere) await prepareFolder(config, { force: false, context });
  return requirePrepared(config, { action: 'compare', configFile: baseFile, logger: context.logger });
}
