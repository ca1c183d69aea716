/** The training loop: an async generator of what each step did; who calls it logs, validates, saves and stops. */
import type { Tensor2D } from '@tensorflow/tfjs-node';
import { UserError } from '../common/errors.js';
import { mapValues } from '../common/map-values.js';
import type { Batch } from '../dataset/batch.js';
import { tf } from '../engine/tf.js';
import { MOMENTUM, type Moments } from '../model/batch-normalisation.js';
import type { ModelWeights } from '../model/weights.js';
import { computeGradients } from './gradients.js';
import type { Optimizer } from './optimizer.js';

export interface StepOptions {
  readonly taskWeights: Readonly<Record<string, number>>;
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
}

/** One update per batch, counting on from `firstStep`. */
export async function* trainSteps(
  weights: ModelWeights,
  optimizer: Optimizer,
  batches: AsyncIterable<Batch>,
  firstStep: number,
  options: StepOptions,
): AsyncGenerator<StepRecord> {
  let step = firstStep;
  for await (const batch of batches) {
    yield trainStep(weights, optimizer, batch, step, options);
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
  tf.tidy(() => {
    const dropout = { rates: dropoutRates, seed: [seed, step] as const };
    const factorOf = (weight: string) => rateOf(weight, step);
    const isTrained = (weight: string) => factorOf(weight) > 0;
    const gradients = computeGradients(weights, batch, { ...options, dropout, isTrained });
    loss = gradients.loss.dataSync()[0]!;
    for (const [name, value] of Object.entries(gradients.lossByTask)) losses[name] = value.dataSync()[0]!;
    if (!Number.isFinite(loss)) throw diverged(step, losses);
    for (const [name, value] of Object.entries(gradients.normByTask)) norms[name] = value.dataSync()[0]!;
    gradientNorm = optimizer.apply(gradients, step, factorOf);
    moveStatistics(weights, gradients.moments);
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
  };
}

/** Moves the statistics of the normalised layers towards the moments of a batch. */
function moveStatistics({ statistics }: ModelWeights, moments: Readonly<Record<string, Moments>>): void {
  for (const [layer, batch] of Object.entries(moments)) {
    for (const kind of ['mean', 'variance'] as const) {
      const moving = statistics.get(`${layer}/${kind}`)!;
      moving.assign(tf.add(tf.mul(moving.read(), MOMENTUM), tf.mul(batch[kind], 1 - MOMENTUM)));
    }
  }
}

function diverged(step: number, losses: Readonly<Record<string, number>>): UserError {
  const tasks = Object.entries(losses)
    .filter(([, value]) => !Number.isFinite(value))
    .map(([name]) => name);
  const where = tasks.length > 0 ? ` in task ${tasks.join(', ')}` : '';
  return new UserError(
    `Cannot go on training: the loss is not a finite number at step ${step}${where}; ` +
      'a smaller train.learningRate or train.tableLearningRate, or train.clipNorm, may help',
  );
}
