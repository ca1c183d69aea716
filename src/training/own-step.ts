/** A step that one process makes by itself, of weights that parameter servers hold and others change meanwhile. */
import { mapValues } from '../common/map-values.js';
import type { Batch } from '../dataset/batch.js';
import type { RowExchange } from '../distributed/row-exchange.js';
import { tf } from '../engine/tf.js';
import { readRows, rowsOfBatch } from '../model/rows.js';
import type { ModelWeights } from '../model/weights.js';
import { computeGradients } from './gradients.js';
import { gradientNorm as normOf, type Optimizer } from './optimizer.js';
import type { ServerDense } from './server-dense.js';
import { findNotFinite, moveStatistics, type StepOptions, type StepRecord } from './steps.js';
import { updateElsewhere } from './update-elsewhere.js';

export interface Elsewhere {
  readonly dense: ServerDense;
  readonly exchange: RowExchange;
  /** Of all, for one step of each. */
  readonly processes: number;
  readonly rank: number;
}

export async function ownStep(
  { dense, exchange, processes, rank }: Elsewhere,
  weights: ModelWeights,
  optimizer: Optimizer,
  batch: Batch,
  step: number,
  { dropoutRates, seed, rateOf = () => 1, ...options }: StepOptions,
): Promise<StepRecord> {
  const samplesByTask = mapValues(batch.tasks, ({ label }) => label.length);
  const record = {
    ...{ step, loss: 0, lossByTask: {}, gradientNormByTask: {}, gradientNorm: 0 },
    requests: batch.lengths.length,
    samples: Object.values(samplesByTask).reduce((sum, samples) => sum + samples, 0),
    samplesByTask,
    failure: null,
  };
  // Where the last round has fewer batches than there are processes.
  if (batch.lengths.length === 0) return record;
  const factorOf = (weight: string) => rateOf(weight, step);
  const [{ values: fetched }] = await Promise.all([
    exchange.fetch(rowsOfBatch(weights.shape, batch), (table, rows) => readRows(weights, table, rows)),
    dense.pull(weights),
  ]);
  const one = (value: { dataSync(): ArrayLike<number> }) => value.dataSync()[0]!;
  const all = (value: { dataSync(): unknown }) => value.dataSync() as Float32Array;
  let made: StepRecord = record;
  let denseGradients: Readonly<Record<string, Float32Array>> = {};
  let rows: Readonly<Record<string, { readonly indices: Int32Array; readonly gradient: Float32Array }>> = {};
  tf.tidy(() => {
    const dropout = { rates: dropoutRates, seed: [seed, `${step} of ${rank}`] as const };
    const isTrained = (weight: string) => factorOf(weight) > 0;
    const gradients = computeGradients(weights, batch, { ...options, dropout, isTrained, fetched });
    const loss = one(gradients.loss);
    const lossByTask = mapValues(gradients.lossByTask, one);
    const gradientNormByTask = mapValues(gradients.normByTask, one);
    const gradientNorm = Number.isFinite(loss) ? normOf(gradients) : Number.NaN;
    const isSound = Number.isFinite(gradientNorm);
    const notFinite = isSound ? [] : findNotFinite(loss, lossByTask, gradientNormByTask, gradients);
    const failure = isSound ? null : { notFinite, requests: [...batch.requests] };
    made = { ...record, loss, lossByTask, gradientNormByTask, gradientNorm, failure };
    if (!isSound) return;
    moveStatistics(weights, gradients.moments);
    const factor = optimizer.clipFactor(gradientNorm);
    denseGradients = mapValues(gradients.dense, (gradient) =>
      factor === 1 ? all(gradient) : all(gradient).map((value) => value * factor),
    );
    rows = mapValues(gradients.tables, ({ indices, gradient }) => ({
      indices: indices.dataSync() as Int32Array,
      gradient: all(gradient),
    }));
  });
  if (made.failure) return made;
  await Promise.all([
    // Adam counts the updates of all.
    dense.push(weights, denseGradients, optimizer.adamOptions(step * processes)),
    updateElsewhere(exchange.update!, rows, optimizer, made.gradientNorm, factorOf),
  ]);
  return made;
}
