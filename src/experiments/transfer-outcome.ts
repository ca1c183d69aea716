/** What a finished run of a transfer came to, read from its folder. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { writeJson } from '../common/files.js';
import { describeCheckpoint } from '../model/checkpoint.js';
import { hasCheckpoint, runPaths } from '../training/run-folder.js';
import { isFinished, type TrainingState } from '../training/training-state.js';
import type { CurvePoint, Known, TransferRun } from './transfer-result.js';

interface CurveRecord extends Omit<CurvePoint, 'auc'> {
  readonly type: string;
  readonly auc: number | null;
}

/** Inside the folder of a run. */
const KNOWN = 'known.json';

export interface SavedKnown extends Known {
  /** Of the weights. */
  readonly step: number;
}

export async function saveKnown(folder: string, known: SavedKnown): Promise<void> {
  await writeJson(join(folder, KNOWN), known);
}

/** Null where there is none of the weights of this step. */
async function readKnown(folder: string, bestStep: number): Promise<Known | null> {
  const file = join(folder, KNOWN);
  if (!existsSync(file)) return null;
  const { step, ...known } = JSON.parse(await readFile(file, 'utf8')) as SavedKnown;
  return step === bestStep ? known : null;
}

/** Null of a run that is not trained to its end by `rule`. */
export async function readTransferRun(
  folder: string,
  seed: number,
  rule: { readonly epochs: number; readonly patience: number },
): Promise<TransferRun | null> {
  if (!hasCheckpoint(folder)) return null;
  const { state } = await describeCheckpoint<TrainingState>(join(folder, runPaths.last));
  if (!isFinished(state, rule)) return null;
  const lines = (await readFile(join(folder, runPaths.metrics), 'utf8')).trimEnd().split('\n');
  const curve = lines
    .map((line) => JSON.parse(line) as CurveRecord)
    .filter(({ type }) => type === 'curve')
    .map(({ step, samples, seconds, auc }): CurvePoint => {
      if (auc !== null) return { step, samples, seconds, auc };
      throw new UserError(
        `Cannot measure ${folder}: the evaluation part must have samples of two classes of the new task`,
      );
    });
  const bestStep = state.best!.step;
  const final = curve.find(({ step }) => step === bestStep);
  if (!final) throw new Error(`the curve of ${folder} has no point at step ${bestStep}`);
  const known = await readKnown(folder, bestStep);
  return {
    ...{ seed, run: folder, final: final.auc, bestStep, ...(known && { known }) },
    ...{ seconds: state.seconds, curve },
  };
}
