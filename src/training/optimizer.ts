/**
 * Adam for the dense weights (Kingma and Ba 2015) and row-wise Adagrad for the embedding tables (Duchi et al. 2011),
 * both by TensorFlow's kernels, in place.
 */
import type { Tensor } from '@tensorflow/tfjs-node';
import type { AdamOptions } from '../distributed/servers.js';
import { halfSquare } from '../engine/half-square.js';
import { attribute, FLOAT, INT32, kernel } from '../engine/kernel.js';
import { numbers } from '../engine/numbers.js';
import { ResourceVariable } from '../engine/resource-variable.js';
import { tf } from '../engine/tf.js';
import { accumulatorName } from '../model/parameters.js';
import type { ModelWeights } from '../model/weights.js';
import type { Gradients } from './gradients.js';
import { WeightAverages } from './weight-averages.js';

export interface OptimizerOptions {
  /** Adam's, for the dense weights. */
  readonly learningRate: number;
  /** Adagrad's, for table rows. */
  readonly tableLearningRate: number;
  /** Gradients are scaled down to this global norm. */
  readonly clipNorm?: number | undefined;
  /** Of the moving averages of the dense weights; without it there are none. */
  readonly averageDecay?: number | undefined;
  /** What the slots of some weights have seen before the first step of this run: Adam's bias correction counts it. */
  readonly earlier?: { readonly steps: number; readonly weights: ReadonlySet<string> };
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const ADAM_EPSILON = 1e-8;
export const ADAGRAD_EPSILON = 1e-10;
/** Small against usual squared gradients (1e-8), so that the first step of a row is about the learning rate. */
export const INITIAL_ACCUMULATOR = 1e-10;

const ADAM = [
  attribute.type('T', FLOAT),
  attribute.bool('use_locking', false),
  attribute.bool('use_nesterov', false),
];
const ADAGRAD = [
  attribute.type('T', FLOAT),
  attribute.type('Tindices', INT32),
  attribute.bool('use_locking', false),
  attribute.bool('update_slots', true),
];

/** Global norm of all of them. */
export function gradientNorm({ dense, tables }: Pick<Gradients, 'dense' | 'tables'>): number {
  const all = [...Object.values(dense), ...Object.values(tables).map(({ gradient }) => gradient)];
  return Math.sqrt(sumOfSquares(all));
}

/** Of all numbers of all tensors. */
export function sumOfSquares(tensors: readonly Tensor[]): number {
  return tensors.length > 0 ? numbers(() => tf.mul(tf.addN(tensors.map(halfSquare)), 2))[0]! : 0;
}

/** Holds the slots of every weight of a model. */
export class Optimizer {
  /** `<weight>/m`, `<weight>/v` and, of averaged ones, `<weight>/average` of dense weights, `<table>/accumulator` of tables. */
  readonly slots: ReadonlyMap<string, ResourceVariable>;
  readonly #averages: WeightAverages | null;

  constructor(
    private readonly weights: ModelWeights,
    private readonly options: OptimizerOptions,
  ) {
    const slots = new Map<string, ResourceVariable>();
    for (const [name, { shape }] of weights.dense) {
      slots.set(`${name}/m`, new ResourceVariable(shape));
      slots.set(`${name}/v`, new ResourceVariable(shape));
    }
    for (const [name, { whole, part }] of weights.tables) {
      if (weights.shape.fixedTables.includes(name)) continue;
      const accumulator = new ResourceVariable(whole, part);
      tf.tidy(() => accumulator.assign(tf.fill([...accumulator.shape], INITIAL_ACCUMULATOR)));
      slots.set(accumulatorName(name), accumulator);
    }
    const { averageDecay } = options;
    this.#averages = averageDecay === undefined ? null : new WeightAverages(weights, averageDecay);
    this.slots = new Map([...slots, ...(this.#averages?.slots ?? [])]);
  }

  /** What is validated and kept: the weights, or where they are averaged their averages; not to be disposed of. */
  get result(): ModelWeights {
    return this.#averages?.averaged ?? this.weights;
  }

  /**
   * One update; `step` counts from 1. `factorOf` gives the factor of the learning rate of a weight. Returns the global norm
   * before clipping, which is given where there are gradients elsewhere; where it is not a finite number nothing is updated.
   */
  apply(
    gradients: Pick<Gradients, 'dense' | 'tables'>,
    step: number,
    factorOf: (weight: string) => number = () => 1,
    norm: number = gradientNorm(gradients),
  ): number {
    return tf.tidy(() => {
      if (!Number.isFinite(norm)) return norm;
      const factor = this.clipFactor(norm);
      const scaled = (gradient: Tensor) => (factor === 1 ? gradient : tf.mul(gradient, factor));
      this.#applyAdam(gradients.dense, step, factorOf, scaled);
      this.#applyAdagrad(gradients.tables, factorOf, scaled);
      this.#averages?.update(step);
      return norm;
    });
  }

  /** What gradients of a global norm are scaled by. */
  clipFactor(norm: number): number {
    const { clipNorm } = this.options;
    return clipNorm !== undefined && norm > clipNorm ? clipNorm / norm : 1;
  }

  /** Of Adam, at a step of the run; for weights that are updated elsewhere. */
  adamOptions(step: number): AdamOptions {
    const rate = this.options.learningRate;
    return { rate, beta1: BETA1, beta2: BETA2, epsilon: ADAM_EPSILON, step };
  }

  /** Learning rate of the rows of a table. */
  tableRate(factor: number): number {
    return this.options.tableLearningRate * factor;
  }

  #applyAdam(
    gradients: Gradients['dense'],
    step: number,
    factorOf: (weight: string) => number,
    scaled: (gradient: Tensor) => Tensor,
  ): void {
    const { earlier } = this.options;
    const powersAt = (step: number) => [BETA1 ** step, BETA2 ** step].map((value) => tf.scalar(value));
    const fresh = powersAt(step);
    const carried = earlier ? powersAt(earlier.steps + step) : fresh;
    const rest = [BETA1, BETA2, ADAM_EPSILON].map((value) => tf.scalar(value));
    for (const [name, gradient] of Object.entries(gradients)) {
      const handles = [
        this.weights.dense.get(name)!,
        this.slots.get(`${name}/m`)!,
        this.slots.get(`${name}/v`)!,
      ];
      const rate = tf.scalar(this.options.learningRate * factorOf(name));
      const powers = earlier?.weights.has(name) ? carried : fresh;
      const inputs = [...handles.map((v) => v.handle), ...powers, rate, ...rest, scaled(gradient)];
      kernel('ResourceApplyAdam', ADAM, inputs, 0);
    }
  }

  #applyAdagrad(
    gradients: Gradients['tables'],
    factorOf: (weight: string) => number,
    scaled: (gradient: Tensor) => Tensor,
  ): void {
    const epsilon = tf.scalar(ADAGRAD_EPSILON);
    for (const [name, { indices, gradient }] of Object.entries(gradients)) {
      const table = this.weights.tables.get(name)!.handle;
      const accumulator = this.slots.get(accumulatorName(name))!.handle;
      const rate = tf.scalar(this.tableRate(factorOf(name)));
      const inputs = [table, accumulator, rate, epsilon, scaled(gradient), indices];
      kernel('ResourceSparseApplyAdagradV2', ADAGRAD, inputs, 0);
    }
  }

  dispose(): void {
    for (const slot of this.slots.values()) slot.dispose();
  }
}
