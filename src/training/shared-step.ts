/**
 * One step that several processes make together, each with its share of the batch: what one process would have made of the whole
 * batch, but for the order of the sums. Dense gradients are added up by one all-reduce of a flat buffer; those of table rows go to
 * whoever holds the rows.
 */
import type { Tensor1D } from '@tensorflow/tfjs-node';
import { mapValues } from '../common/map-values.js';
import type { Batch } from '../dataset/batch.js';
import type { Collectives } from '../distributed/collectives.js';
import type { FetchedRows, RowExchange } from '../distributed/row-exchange.js';
import type { RowGradients } from '../distributed/sum-rows.js';
import { tf } from '../engine/tf.js';
import { tableSpecs } from '../model/parameters.js';
import { readRows, rowsOfBatch } from '../model/rows.js';
import type { ModelWeights } from '../model/weights.js';
import { FlatLayout, type StepSums } from './flat-gradients.js';
import { type BatchShare, computeGradients, type Gradients } from './gradients.js';
import { sampleTotals } from './loss.js';
import { type Optimizer, sumOfSquares } from './optimizer.js';
import { findNotFinite, moveStatistics, type StepOptions, type StepRecord } from './steps.js';
import { paceOfWeight, requestCounts, taskPaces } from './task-paces.js';
import { updateElsewhere } from './update-elsewhere.js';

/** How the processes reach each other. */
export interface Sharing {
  readonly collectives: Collectives;
  readonly exchange: RowExchange;
}

export async function sharedStep(
  sharing: Sharing,
  weights: ModelWeights,
  optimizer: Optimizer,
  batch: Batch,
  step: number,
  options: StepOptions,
): Promise<StepRecord> {
  const { collectives, exchange } = sharing;
  const { counts, totals } = await totalsOf(collectives, batch, options);
  const paces = options.byRequests ? taskPaces(counts, options.taskWeights) : {};
  const factorOf = (weight: string) => (options.rateOf?.(weight, step) ?? 1) * paceOfWeight(weight, paces);
  const fetched = await exchange.fetch(rowsOfBatch(weights.shape, batch), (table, rows) =>
    readRows(weights, table, rows),
  );
  const share = { of: collectives.size, totals, counts };
  const own = ownPart(weights, batch, fetched, share, { step, rank: collectives.rank, factorOf, options });
  const layout = new FlatLayout(weights);
  const sums = layout.read(await collectives.allReduce(layout.write(own), 'dense gradients'));
  const rows = await fetched.sum(own.tables);
  const ofRows = await withPenalty(sharing, weights, rows, options.l2);
  const [squares, penalty] = await exchange.total([ofRows.squares, ofRows.penalty]);
  const loss = sums.loss + penalty!;
  const normByTask = mapValues(sums.squaredNormByTask, Math.sqrt);
  let gradientNorm = Number.NaN;
  let notFinite: readonly string[] = [];
  tf.tidy(() => {
    const gradients = {
      dense: mapValues(sums.dense, (values, name) => tf.tensor(values, [...weights.dense.get(name)!.shape])),
      tables: mapValues(exchange.update ? {} : ofRows.rows, ({ indices, gradient }, name) => ({
        indices: tf.tensor1d(indices, 'int32'),
        gradient: tf.tensor2d(gradient, [indices.length, weights.tables.get(name)!.shape[1]!]),
      })),
    };
    const norm = Number.isFinite(loss)
      ? Math.sqrt(sumOfSquares(Object.values(gradients.dense)) + squares!)
      : Number.NaN;
    gradientNorm = optimizer.apply(gradients, step, factorOf, norm);
    if (Number.isFinite(gradientNorm)) moveStatistics(weights, momentTensors(sums));
    else notFinite = findNotFinite(loss, sums.lossByTask, normByTask, gradients);
  });
  if (exchange.update && Number.isFinite(gradientNorm)) {
    await updateElsewhere(exchange.update, ofRows.rows, optimizer, gradientNorm, factorOf);
  }
  const samplesByTask = mapValues(batch.tasks, (_, task) => totals[task]!.samples);
  const met = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).filter(([task]) => (samplesByTask[task] ?? 0) > 0));
  return {
    step,
    loss,
    lossByTask: met(sums.lossByTask),
    gradientNormByTask: met(normByTask),
    gradientNorm,
    requests: counts.requests,
    samples: Object.values(samplesByTask).reduce((sum, samples) => sum + samples, 0),
    samplesByTask,
    failure:
      notFinite.length > 0
        ? {
            notFinite,
            requests: (await collectives.gatherParts(batch.requests, 'failed step')).flatMap((part) => [
              ...part,
            ]),
          }
        : null,
  };
}

/** What the whole batch has. */
async function totalsOf(
  collectives: Collectives,
  batch: Batch,
  { classWeights }: StepOptions,
): Promise<Pick<BatchShare, 'totals' | 'counts'>> {
  const tasks = Object.keys(batch.tasks);
  const own = requestCounts(batch);
  const numbers = tasks.flatMap((task) => {
    const { samples, weight } = sampleTotals(batch.tasks[task]!, classWeights?.[task]);
    return [samples, weight, own.byTask[task]!];
  });
  const [requests, ...sums] = await collectives.sumOfFew(
    Float64Array.of(own.requests, ...numbers),
    'sample counts',
  );
  const ofTask = (at: number, which: number) => sums[3 * at + which]!;
  const byTask = <T>(value: (at: number) => T) =>
    Object.fromEntries(tasks.map((task, at) => [task, value(at)]));
  return {
    totals: byTask((at) => ({ samples: ofTask(at, 0), weight: ofTask(at, 1) })),
    counts: { requests: requests!, byTask: byTask((at) => ofTask(at, 2)) },
  };
}

interface Own extends StepSums {
  /** Table that learns -> gradients of the rows that this share reads, row by row. */
  readonly tables: Readonly<Record<string, Float32Array>>;
}

/** Losses and gradients of this process. */
function ownPart(
  weights: ModelWeights,
  batch: Batch,
  { values }: FetchedRows,
  share: BatchShare,
  {
    step,
    rank,
    factorOf,
    options: { dropoutRates, seed, ...options },
  }: {
    readonly step: number;
    readonly rank: number;
    readonly factorOf: (weight: string) => number;
    readonly options: StepOptions;
  },
): Own {
  const isTrained = (weight: string) => factorOf(weight) > 0;
  const tables: Record<string, Float32Array> = {};
  for (const { name, size } of tableSpecs(weights.shape)) {
    if (weights.shape.fixedTables.includes(name) || !isTrained(name)) continue;
    tables[name] = new Float32Array(batch.tables[name]!.length * size);
  }
  // A last batch may have fewer requests than there are processes.
  if (batch.lengths.length === 0) {
    return { loss: 0, lossByTask: {}, squaredNormByTask: {}, dense: {}, moments: {}, tables };
  }
  let own: StepSums | undefined;
  tf.tidy(() => {
    const dropout = { rates: dropoutRates, seed: [seed, `${step} of ${rank}`] as const };
    const computed = computeGradients(weights, batch, {
      ...options,
      dropout,
      isTrained,
      share,
      fetched: values,
    });
    const one = (value: { dataSync(): ArrayLike<number> }) => value.dataSync()[0]!;
    const all = (value: { dataSync(): unknown }) => value.dataSync() as Float32Array;
    own = {
      loss: one(computed.loss),
      lossByTask: mapValues(computed.lossByTask, one),
      squaredNormByTask: mapValues(computed.normByTask, (norm) => one(norm) ** 2),
      dense: mapValues(computed.dense, all),
      moments: mapValues(computed.moments, ({ mean, variance }) => ({
        mean: all(mean),
        variance: all(variance),
      })),
    };
    for (const [table, { gradient }] of Object.entries(computed.tables)) tables[table] = all(gradient);
  });
  return { ...own!, tables };
}

/** Adds the gradients of L2 to those of table rows; with the loss that it makes, and the sum of their squares. */
async function withPenalty(
  { exchange }: Sharing,
  weights: ModelWeights,
  rows: Readonly<Record<string, RowGradients>>,
  l2: number,
): Promise<{
  readonly rows: Readonly<Record<string, RowGradients>>;
  readonly squares: number;
  readonly penalty: number;
}> {
  let penalty = 0;
  let squares = 0;
  const read = Object.entries(rows).filter(([, { indices }]) => indices.length > 0);
  for (const [table, { indices, gradient }] of read) {
    if (l2 > 0) {
      const values = await exchange.valuesOf(table, indices, (...rows) => readRows(weights, ...rows));
      values.forEach((value, at) => {
        gradient[at]! += l2 * value;
        penalty += (l2 / 2) * value * value;
      });
    }
    for (const value of gradient) squares += value * value;
  }
  return { rows: Object.fromEntries(read), squares, penalty };
}

const momentTensors = ({ moments }: StepSums): Gradients['moments'] =>
  mapValues(moments, ({ mean, variance }) => ({
    mean: tf.tensor1d(mean) as Tensor1D,
    variance: tf.tensor1d(variance) as Tensor1D,
  }));
