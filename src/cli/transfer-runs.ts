/** The runs of a transfer: prepares and trains what is not done yet. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { preparedPaths } from '../common/prepared.js';
import { startsFromBase } from '../common/strategies.js';
import type { Transfer } from '../config/load-transfer.js';
import { representationProblem } from '../config/transfer-rules.js';
import type { TrainedBase } from '../experiments/transfer.js';
import { readTransferRun } from '../experiments/transfer-outcome.js';
import type { TransferRun } from '../experiments/transfer-result.js';
import {
  type PlannedBase,
  type PlannedStrategy,
  plannedBase,
  plannedStrategies,
} from '../experiments/transfer-runs.js';
import { describeCheckpoint } from '../model/checkpoint.js';
import { parameterSpecs, tableSpecs } from '../model/parameters.js';
import { modelShape } from '../model/shape.js';
import { openBest, planFrom } from '../training/earlier-run.js';
import { checkLayers } from '../training/layer-rates.js';
import { learningEnd, requireUnlearned } from '../training/learned-days.js';
import { hasCheckpoint, runPaths } from '../training/run-folder.js';
import { readStart, requireSameStart, type StartFrom } from '../training/start.js';
import type { TrainingState } from '../training/training-state.js';
import { isTrained, requireSameRun } from './found-run.js';
import { measureTransferRun } from './measure-transfer-run.js';
import { runFolder } from './open-run.js';
import { prepareFolder } from './prepare-folder.js';
import { type Prepared, preparedFolder, requirePrepared } from './require-prepared.js';
import type { Session } from './session.js';
import { trainRun } from './train-run.js';

export interface TransferData {
  readonly base: Prepared;
  /** With the new task; that of the base where the base has it. */
  readonly whole: Prepared;
}

/** Prepares the data of a transfer where that is not done. */
export async function prepareTransfer(
  { base, whole, baseFile, vocabularies, hasOwnData }: Transfer,
  { context }: Session,
): Promise<TransferData> {
  const require = { action: 'transfer', configFile: baseFile, logger: context.logger };
  if (!existsSync(join(preparedFolder(base), preparedPaths.manifest))) {
    await prepareFolder(base, { force: false, context });
  }
  const ofBase = await requirePrepared(base, require);
  if (!hasOwnData) return { base: ofBase, whole: ofBase };
  await prepareFolder(whole, { force: false, context, carry: { folder: ofBase.folder, vocabularies } });
  return { base: ofBase, whole: await requirePrepared(whole, require) };
}

/**
 * Before anything is trained.
 * @throws UserError when the new task cannot be learned or measured, when what comes from a base does not fit it, and for
 *   layers that are none
 */
export async function checkTransfer(transfer: Transfer, { base, whole }: TransferData): Promise<void> {
  const { task, baseRun, strategies, seeds, fineTune } = transfer;
  const { counts } = whole.manifest.tasks[task]!;
  const classesIn = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).filter((count) => count > 0).length;
  if (
    classesIn(counts.training) === 0 ||
    classesIn(counts.validation) < 2 ||
    classesIn(counts.evaluation) < 2
  ) {
    const got = Object.entries(counts).map(([part, labels]) => `${classesIn(labels)} for ${part}`);
    throw new UserError(
      `Cannot transfer: required training samples of ${task}, and samples of two classes in the validation and in the evaluation part, ` +
        `got samples of so many classes: ${got.join(', ')}; a larger split.validationUsers gives a larger validation part`,
    );
  }
  const first = plannedStrategies(transfer, seeds[0]!).find(({ strategy }) => startsFromBase(strategy));
  if (!first) return;
  const shape = modelShape(first.config, whole.manifest);
  const there =
    baseRun === null
      ? {
          folder: 'the base',
          shape: modelShape(plannedBase(transfer, first.seed).config, base.manifest),
          state: { learnedTo: learningEnd(base.manifest) },
        }
      : await openBest(baseRun);
  if ('close' in there) await there.close();
  if (there.shape.tasks[task]) {
    throw new UserError(
      `Cannot transfer: expected a base that has not learned ${task}, got one that has: ${there.folder}`,
    );
  }
  if (strategies.includes('fine-tune')) {
    checkLayers(
      fineTune,
      [...parameterSpecs(shape), ...tableSpecs(shape)].map(({ name }) => name),
    );
  }
  requireUnlearned(there, whole.manifest, 'measure');
  planFrom(there, shape, whole.manifest);
  const problem = representationProblem(shape.tasks[task]!, there.shape.tasks);
  if (problem && strategies.includes('representation')) throw new UserError(`Cannot transfer: ${problem}`);
}

/** The base of a seed, or the one that is given for all seeds. */
export async function baseRun(
  { seed, config }: PlannedBase,
  given: string | null,
  { base }: TransferData,
  force: boolean,
  session: Session,
): Promise<TrainedBase> {
  const folder = given ?? runFolder(config);
  if (given === null) {
    if (!force) await requireSameRun(folder, config, base, 'transfer');
    if (force || !(await isTrained(folder, config.train))) {
      await trainRun(config, base, { resume: !force, force }, session);
    }
  }
  const { shape, state } = await describeCheckpoint<TrainingState>(join(folder, runPaths.last));
  return { seed, run: folder, seconds: state.seconds, tasks: Object.keys(shape.tasks) };
}

/** One strategy on a base. */
export async function strategyRun(
  { strategy, seed, fraction, config }: PlannedStrategy,
  base: TrainedBase | null,
  { task, fineTune, folder: transferFolder }: Transfer,
  { whole }: TransferData,
  force: boolean,
  session: Session,
): Promise<TransferRun> {
  const folder = runFolder(config);
  const from = base && startOf(strategy, base.run, fineTune);
  const measured = async () => {
    await measureTransferRun(config, whole, { folder, task }, session.context);
    const run = await readTransferRun(folder, seed, config.train);
    if (!run) throw new Error(`the run in ${folder} was trained, and is not finished`);
    return run;
  };
  if (!force) {
    await requireSameRun(folder, config, whole, 'transfer');
    if (from && hasCheckpoint(folder)) {
      requireSameStart(folder, await readStart(folder), from, await bestWeights(from.run));
    }
    const done = await readTransferRun(folder, seed, config.train);
    if (done?.known) return done;
    if (done) return measured();
  }
  const storeIn =
    strategy === 'representation' ? join(transferFolder, 'representations', `seed${seed}`) : null;
  const transfer = { task, share: fraction, storeIn };
  await trainRun(config, whole, { resume: !force, force, transfer, ...(from && { from }) }, session);
  return measured();
}

function startOf(
  strategy: PlannedStrategy['strategy'],
  run: string,
  { learningRateFactor, freeze }: Transfer['fineTune'],
): StartFrom | null {
  switch (strategy) {
    case 'retrain-single':
    case 'retrain-all':
      return null;
    case 'representation':
      return { run, layers: { factor: 0, freeze: {} } };
    case 'fine-tune':
      return { run, layers: { factor: learningRateFactor, freeze } };
  }
}

/** sha256 of the best weights of a run. */
async function bestWeights(run: string): Promise<string> {
  const base = await openBest(run);
  await base.close();
  return base.sha256;
}
