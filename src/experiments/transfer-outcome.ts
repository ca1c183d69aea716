/** What a finished run of a transfer came to, read from its folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { writeJson } from '../common/files.js';
import { readJson } from '../common/read-json.js';
import { describeCheckpoint } from '../model/checkpoint.js';
import { type MetricsRecord, readMetrics } from '../training/metrics-file.js';
import { hasCheckpoint, runPaths } from '../training/run-folder.js';
import { isFinished, type TrainingState } from '../training/training-state.js';
import type { CurvePoint, Known, TransferRun } from './transfer-result.js';

interface CurveRecord extends MetricsRecord, Omit<CurvePoint, 'auc'> {
  readonly type: 'curve';
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
  const { step, ...known } = await readJson<SavedKnown>(file);
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
  const metrics = join(folder, runPaths.metrics);
  const curve = readMetrics(metrics)
    .filter((record): record is CurveRecord => record.type === 'curve')
    .map(({ step, samples, seconds, auc }): CurvePoint => {
      if (auc !== null) return { step, samples, seconds, auc };
      throw new UserError(
        `Cannot measure ${folder}: the evaluation part must have samples of two classes of the new task`,
      );
    });
  const bestStep = state.best!.step;
  const final = curve.find(({ step }) => step === bestStep);
  if (!final) {
    throw new UserError(
      `Cannot read the curve of ${folder}: expected a record of step ${bestStep} in ${metrics}, got none\n` +
        '  put a whole copy of the file there, or remove the folder to train the run anew',
    );
  }
  const known = await readKnown(folder, bestStep);
  return {
    ...{ seed, run: folder, final: final.auc, bestStep, ...(known && { known }) },
    ...{ seconds: state.seconds, curve },
  };
}
