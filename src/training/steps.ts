/** The training loop: an async generator of what each step did; who calls it logs, validates, saves and stops. */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node';
import { mapValues } from '../common/map-values.js';
import type { Batch } from '../dataset/batch.js';
import { halfSquare } from '../engine/half-square.js';
import { tf } from '../engine/tf.js';
import { MOMENTUM, type Moments } from '../model/batch-normalisation.js';
import type { ModelWeights } from '../model/weights.js';
import { computeGradients, type Gradients } from './gradients.js';
import type { Optimizer } from './optimizer.js';
import { paceOfWeight, requestCounts, taskPaces } from './task-paces.js';

export interface StepOptions {
  readonly taskWeights: Readonly<Record<string, number>>;
  /** Whether the losses of the tasks and the learning rates of their towers go by `taskPaces`. */
  readonly byRequests?: boolean;
  /** Task -> share of the hidden units that are dropped. */
  readonly dropoutRates: Readonly<Record<string, number>>;
  readonly l2: number;
  /** Task -> L2 of the weights of its tower, of those with one of their own. */
  readonly towerL2?: Readonly<Record<string, number>>;
  /** Task -> factor of the weight of its samples by label, of those that have one. */
  readonly classWeights?: Readonly<Record<string, readonly number[]>>;
  /** Seed of the run: dropout masks follow from it and the number of the step. */
  readonly seed: number;
  /** Factor of the learning rate of a weight at a step; 0 for one that is frozen. By default 1 for all. */
  readonly rateOf?: (weight: string, step: number) => number;
  /** The representations of a batch's requests, where nothing below them learns (`computeGradients`). */
  readonly stored?: (batch: Batch) => Tensor2D;
}

export interface StepRecord {
  /** Counts from 1 over the whole run. */
  readonly step: number;
  readonly loss: number;
  readonly lossByTask: Readonly<Record<string, number>>;
  /** Of the gradient with respect to the representation that a task reads. */
  readonly gradientNormByTask: Readonly<Record<string, number>>;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  readonly requests: number;
  readonly samples: number;
  readonly samplesByTask: Readonly<Record<string, number>>;
  /** Why nothing was updated; null of every other step. */
  readonly failure: StepFailure | null;
}

/** A step whose loss or gradient is not a finite number: the weights are as they were before it. */
export interface StepFailure {
  /** `loss of <task>`, `gradient of <task>` (with respect to the representation that it reads) or `gradient of <weight>`. */
  readonly notFinite: readonly string[];
  /** The requests of the batch, as numbers of the prepared data. */
  readonly requests: readonly number[];
}

/** Makes one update. */
export type MakeStep = (
  weights: ModelWeights,
  optimizer: Optimizer,
  batch: Batch,
  step: number,
  options: StepOptions,
) => StepRecord | Promise<StepRecord>;

/** One update per batch, counting on from `firstStep`. */
export async function* trainSteps(
  weights: ModelWeights,
  optimizer: Optimizer,
  batches: AsyncIterable<Batch>,
  firstStep: number,
  options: StepOptions,
  make: MakeStep = trainStep,
): AsyncGenerator<StepRecord> {
  let step = firstStep;
  for await (const batch of batches) {
    yield await make(weights, optimizer, batch, step, options);
    step++;
  }
}

export function trainStep(
  weights: ModelWeights,
  optimizer: Optimizer,
  batch: Batch,
  step: number,
  { dropoutRates, seed, rateOf = () => 1, ...options }: StepOptions,
): StepRecord {
  const losses: Record<string, number> = {};
  const norms: Record<string, number> = {};
  let loss = 0;
  let gradientNorm = 0;
  let notFinite: readonly string[] = [];
  tf.tidy(() => {
    const dropout = { rates: dropoutRates, seed: [seed, step] as const };
    const paces = options.byRequests ? taskPaces(requestCounts(batch), options.taskWeights) : {};
    const factorOf = (weight: string) => rateOf(weight, step) * paceOfWeight(weight, paces);
    const isTrained = (weight: string) => factorOf(weight) > 0;
    const gradients = computeGradients(weights, batch, { ...options, dropout, isTrained });
    loss = gradients.loss.dataSync()[0]!;
    for (const [name, value] of Object.entries(gradients.lossByTask)) losses[name] = value.dataSync()[0]!;
    for (const [name, value] of Object.entries(gradients.normByTask)) norms[name] = value.dataSync()[0]!;
    // Numbers that are read anyway tell all: an update is made only of a gradient whose norm is finite.
    gradientNorm = Number.isFinite(loss) ? optimizer.apply(gradients, step, factorOf) : Number.NaN;
    if (Number.isFinite(gradientNorm)) moveStatistics(weights, gradients.moments);
    else notFinite = findNotFinite(loss, losses, norms, gradients);
  });
  const samplesByTask = mapValues(batch.tasks, ({ label }) => label.length);
  return {
    step,
    loss,
    lossByTask: losses,
    gradientNormByTask: norms,
    gradientNorm,
    requests: batch.lengths.length,
    samples: Object.values(samplesByTask).reduce((sum, samples) => sum + samples, 0),
    samplesByTask,
    failure: notFinite.length > 0 ? { notFinite, requests: [...batch.requests] } : null,
  };
}

/** Moves the statistics of the normalised layers towards the moments of a batch. */
export function moveStatistics(
  { statistics }: ModelWeights,
  moments: Readonly<Record<string, Moments>>,
): void {
  for (const [layer, batch] of Object.entries(moments)) {
    for (const kind of ['mean', 'variance'] as const) {
      const moving = statistics.get(`${layer}/${kind}`)!;
      moving.assign(tf.add(tf.mul(moving.read(), MOMENTUM), tf.mul(batch[kind], 1 - MOMENTUM)));
    }
  }
}

/** What of a step is not a finite number; where the losses are not, no gradient can be. Within `tf.tidy`. */
export function findNotFinite(
  loss: number,
  losses: Readonly<Record<string, number>>,
  norms: Readonly<Record<string, number>>,
  gradients: Pick<Gradients, 'dense' | 'tables'>,
): string[] {
  const named = (what: string, values: Readonly<Record<string, number>>) =>
    Object.entries(values)
      .filter(([, value]) => !Number.isFinite(value))
      .map(([name]) => `${what} of ${name}`);
  const ofTasks = named('loss', losses);
  if (ofTasks.length > 0) return ofTasks;
  if (!Number.isFinite(loss)) return ['loss of all tasks with their penalties'];
  const squares = mapValues(gradientsByWeight(gradients), (value) => halfSquare(value).dataSync()[0]!);
  const found = [...named('gradient', norms), ...named('gradient', squares)];
  return found.length > 0 ? found : ['gradient of all weights together'];
}

/** Weight -> its gradient; of a table, that of the rows that the batch reads. */
export const gradientsByWeight = ({
  dense,
  tables,
}: Pick<Gradients, 'dense' | 'tables'>): Record<string, Tensor> => ({
  ...dense,
  ...mapValues(tables, ({ gradient }) => gradient),
});
