/**
 * Scores without a model on the same evaluation samples: what a result is worth shows beside them. Those of tasks of
 * several classes are in class-baselines.ts; of a binary task:
 *
 * - item (or the entity that is judged): the candidate's smoothed rate in the training samples (rate-baseline.ts)
 * - position, itemPosition: that of its place on the page, and rate(item) rate(position) / prior; of tasks that keep
 *   a column `position`
 * - seen: how often the user has seen the candidate before (seen-baseline.ts), where histories can show it
 */
import { openPrepared, type PreparedData, splitRange } from '../dataset/prepared.js';
import { auc } from './auc.js';
import { classBaselines } from './class-baselines.js';
import { aucByGroup, gauc } from './gauc.js';
import { logLoss } from './log-loss.js';
import { evaluationRates, type Rates } from './rate-baseline.js';
import { seenScores } from './seen-baseline.js';

type BinaryBaseline = Readonly<{
  auc: number | null;
  /** By request. */
  gauc: number | null;
  /** Null for scores that are no probabilities. */
  logLoss: number | null;
}>;

export interface BaselineOptions {
  readonly preparedFolder: string;
  /** Task -> the further columns of its samples (`keep`). */
  readonly keptColumns: Readonly<Record<string, readonly string[]>>;
  /** Length of a history. */
  readonly maxEvents: number;
}

/** Baseline -> metrics, by the names that they have in an evaluation. */
export type TaskBaselines = Readonly<Record<string, Readonly<Record<string, number | null>>>>;

/** Task -> baseline -> metrics; rates are left out where the training samples are not of both classes. */
export async function evaluateBaselines({
  preparedFolder,
  keptColumns,
  maxEvents,
}: BaselineOptions): Promise<Readonly<Record<string, TaskBaselines>>> {
  const prepared = openPrepared(preparedFolder);
  try {
    const byTask: Record<string, TaskBaselines> = {};
    for (const [task, kept] of Object.entries(keptColumns)) {
      if (prepared.manifest.tasks[task]!.kind === 'multiclass') {
        byTask[task] = classBaselines(prepared, task);
        continue;
      }
      const columns = ['candidate', ...kept.filter((column) => column === 'position')];
      const rates = await evaluationRates(preparedFolder, prepared.manifest, task, columns);
      byTask[task] = binaryBaselines(prepared, task, rates, maxEvents);
    }
    return byTask;
  } finally {
    prepared.close();
  }
}

function binaryBaselines(
  prepared: PreparedData,
  task: string,
  rates: Rates,
  maxEvents: number,
): Readonly<Record<string, BinaryBaseline>> {
  const { requests, candidates, ...truth } = evaluationSamples(prepared, task);
  const measure = (scores: Float32Array, isLogit: boolean): BinaryBaseline => {
    const samples = { ...truth, scores };
    return {
      auc: auc(samples),
      gauc: gauc(aucByGroup(samples, requests)),
      logLoss: isLogit ? logLoss(samples) : null,
    };
  };
  const judged = prepared.manifest.tasks[task]!.candidate!;
  const seenBefore = seenScores(prepared, { requests, judged, candidates }, maxEvents);
  const seen = seenBefore && { seen: measure(seenBefore, false) };
  const { prior, byColumn } = rates;
  if (prior === null) return { ...seen };
  const { candidate, position } = byColumn as { candidate: Float64Array; position?: Float64Array };
  const both = position && candidate.map((rate, sample) => (rate * position[sample]!) / prior);
  return {
    [judged]: measure(logits(candidate), true),
    ...(position && { position: measure(logits(position), true) }),
    ...(both && { [`${judged}Position`]: measure(logits(both), true) }),
    ...seen,
  };
}

/** Logits of rates, which may be 0, 1 or, where they are products, more. */
function logits(rates: Float64Array): Float32Array {
  return Float32Array.from(rates, (rate) => {
    const p = Math.min(Math.max(rate, 1e-6), 1 - 1e-6);
    return Math.log(p / (1 - p));
  });
}

/** Arrays [samples]. */
function evaluationSamples({ manifest, tasks }: PreparedData, task: string) {
  const arrays = tasks[task]!;
  const [first, last] = splitRange(manifest, 'evaluation');
  const offsets = arrays.offsets.read(first, last + 1);
  const [start, end] = [offsets[0]!, offsets[last - first]!];
  const requests = new Int32Array(end - start);
  for (let row = 0; row < last - first; row++) {
    requests.fill(first + row, offsets[row]! - start, offsets[row + 1]! - start);
  }
  return {
    requests,
    candidates: arrays.candidate!.read(start, end),
    labels: arrays.label.read(start, end),
    weights: arrays.weight.read(start, end),
  };
}
