/** Loss and gradients of one batch: of every dense weight, and of the table rows that the batch reads. */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import { mapValues } from '../common/map-values.js';
import type { Batch } from '../dataset/batch.js';
import { halfSquare } from '../engine/half-square.js';
import { tf } from '../engine/tf.js';
import { type Moments, momentsOf } from '../model/batch-normalisation.js';
import { encode, encodeStored, taskLogits } from '../model/forward.js';
import { towerPrefix, uncertaintyName } from '../model/parameters.js';
import { type FetchedValues, gatherRows, rowsOfBatch } from '../model/rows.js';
import type { ModelShape } from '../model/shape.js';
import type { Dropout, TowerPass } from '../model/tower.js';
import type { ModelWeights } from '../model/weights.js';
import { type SampleTotals, taskLoss, weightedLoss } from './loss.js';
import { type RequestCounts, requestCounts, taskPaces } from './task-paces.js';

export interface LossOptions {
  /** Task -> factor of its mean loss. */
  readonly taskWeights: Readonly<Record<string, number>>;
  /** Whether each task's loss counts by the share of the batch's requests that have samples of it too (`taskPaces`). */
  readonly byRequests?: boolean;
  /** Adds l2 / 2 times the squared norm of the dense weights and of the rows read. */
  readonly l2: number;
  /** Task -> the same for the weights of its tower, where it is another. */
  readonly towerL2?: Readonly<Record<string, number>>;
  readonly dropout: Dropout | null;
  /** Task -> factor of the weight of its samples by label. */
  readonly classWeights?: Readonly<Record<string, readonly number[]>>;
  /** Whether a weight learns; the others get no gradient and no penalty. By default all do. */
  readonly isTrained?: (weight: string) => boolean;
  /** The representations of the requests of a batch, where they are known and nothing below them learns: [batch, units]. */
  readonly stored?: (batch: Batch) => Tensor2D;
  /** The rows of the tables that the batch reads, where they come from other processes. */
  readonly fetched?: FetchedValues | undefined;
  /** Where the batch is a part of a greater one. */
  readonly share?: BatchShare;
}

/**
 * Of a batch that several processes work on: losses and gradients are the part of one, and add up to those of the whole. L2 of table rows
 * is left out, since a row may be read by several.
 */
export interface BatchShare {
  /** How many processes. */
  readonly of: number;
  /** Task -> what the whole batch has. */
  readonly totals: Readonly<Record<string, SampleTotals>>;
  /** The same of its requests. */
  readonly counts: RequestCounts;
}

export interface Gradients {
  /** The total loss, penalty included. */
  readonly loss: Scalar;
  /** Each task's mean loss; tasks without samples in the batch are not here. */
  readonly lossByTask: Readonly<Record<string, Scalar>>;
  /** Norm of the gradient of each task's share of the loss with respect to the representation that its tower reads. */
  readonly normByTask: Readonly<Record<string, Scalar>>;
  /** Moments of the batch by which the layers `tasks/<task>/<layer>` were normalised. */
  readonly moments: Readonly<Record<string, Moments>>;
  /** Dense weights that the loss depends on. */
  readonly dense: Readonly<Record<string, Tensor>>;
  /** Table -> distinct rows (int32 [rows]) and their gradients [rows, size]. */
  readonly tables: Readonly<Record<string, { readonly indices: Tensor1D; readonly gradient: Tensor2D }>>;
}

/** Works them out; the caller's scope (`tf.tidy`) owns every tensor of the result. */
export function computeGradients(weights: ModelWeights, batch: Batch, options: LossOptions): Gradients {
  const { shape } = weights;
  const { isTrained = () => true, stored, fetched, share } = options;
  const rows = gatherRows(weights, rowsOfBatch(shape, batch), fetched);
  const denseNames = [...weights.dense.keys()].filter(isTrained);
  const tableNames = Object.keys(rows).filter((name) => !shape.fixedTables.includes(name) && isTrained(name));
  const dense = Object.fromEntries([...weights.dense].map(([name, value]) => [name, value.read()]));
  const statistics = Object.fromEntries([...weights.statistics].map(([name, value]) => [name, value.read()]));
  const gathered = mapValues(rows, ({ values }) => values);
  // What is read off on the way outlives the tape's own scope.
  const lossByTask = new Held<Scalar>();
  const normByTask = new Held<Scalar>();
  const means = new Held<Tensor1D>();
  const variances = new Held<Tensor1D>();
  const pass: TowerPass = {
    dropout: options.dropout,
    watch: (task, representation) =>
      watched(representation, (dy) => normByTask.hold(task, tf.sqrt(tf.mul(halfSquare(dy), 2)) as Scalar)),
    moments: (layer, z) => {
      // One sample has no variance, and a layer that is frozen stays as it is.
      if (z.shape[0] < 2 || !isTrained(`${layer}/kernel`)) return null;
      const moments = momentsOf(z);
      means.hold(layer, moments.mean);
      variances.hold(layer, moments.variance);
      return moments;
    },
  };

  const factors = options.byRequests
    ? taskPaces(share?.counts ?? requestCounts(batch), options.taskWeights)
    : options.taskWeights;

  const forward = () => {
    const lookUp = (name: string) => dense[name] ?? statistics[name]!;
    const encoded = stored
      ? encodeStored(shape, gathered, batch, stored(batch))
      : encode(shape, lookUp, gathered, batch);
    const logits = taskLogits(shape, lookUp, batch, encoded, pass);
    const terms = Object.entries(logits).map(([name, values]) => {
      const samples = batch.tasks[name]!;
      const totals = share?.totals[name];
      const loss = taskLoss(shape.tasks[name]!, values, samples, options.classWeights?.[name], totals);
      lossByTask.hold(name, loss);
      const uncertainty = (dense[uncertaintyName(name)] as Tensor1D | undefined) ?? null;
      const part = totals ? samples.label.length / totals.samples : 1;
      return weightedLoss(loss, factors[name] ?? 1, uncertainty, part);
    });
    if (terms.length === 0) throw new Error('a batch without samples of any task has no loss');
    const penalised: Record<string, Tensor> = {
      ...pick(dense, denseNames),
      ...(share ? {} : pick(gathered, tableNames)),
    };
    for (const [factor, names] of penalties(shape, Object.keys(penalised), options)) {
      const squares = names.map((name) => halfSquare(penalised[name]!));
      terms.push(tf.mul(tf.addN(squares), factor / (share?.of ?? 1)));
    }
    return (terms.length === 1 ? terms[0]! : tf.addN(terms)) as Scalar;
  };

  const inputs = [...denseNames.map((name) => dense[name]!), ...tableNames.map((name) => gathered[name]!)];
  // Not `tf.grads`: it refuses a weight that the loss does not depend on, such as the tower of an absent task.
  const { value, grads } = tf.engine().gradients(forward, inputs, undefined, true);
  // A weight that someone still holds would be copied by its update.
  for (const tensor of Object.values(dense)) tensor.dispose();
  const [mean, variance] = [means.release(), variances.release()];
  return {
    loss: value as Scalar,
    lossByTask: lossByTask.release(),
    normByTask: normByTask.release(),
    moments: mapValues(mean, (value, layer) => ({ mean: value, variance: variance[layer]! })),
    dense: Object.fromEntries(denseNames.flatMap((name, at) => (grads[at] ? [[name, grads[at]]] : []))),
    tables: Object.fromEntries(
      tableNames.flatMap((name, at) => {
        const gradient = grads[denseNames.length + at] as Tensor2D | null;
        return gradient && gradient.shape[0] > 0 ? [[name, { indices: rows[name]!.indices, gradient }]] : [];
      }),
    ),
  };
}

/** L2 factor above 0 -> the weights that it is for. */
function penalties(
  { tasks }: ModelShape,
  names: readonly string[],
  { l2, towerL2 = {} }: LossOptions,
): ReadonlyMap<number, readonly string[]> {
  const factorOf = new Map<string, number>(Object.keys(tasks).map((task) => [uncertaintyName(task), 0]));
  for (const [task, factor] of Object.entries(towerL2)) {
    for (const name of names) if (name.startsWith(towerPrefix(task))) factorOf.set(name, factor);
  }
  const byFactor = new Map<number, string[]>();
  for (const name of names) {
    const factor = factorOf.get(name) ?? l2;
    if (factor > 0) byFactor.set(factor, [...(byFactor.get(factor) ?? []), name]);
  }
  return byFactor;
}

function pick<T>(values: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, values[name]!]));
}

/** x, whose gradient is seen on its way back. */
function watched(x: Tensor2D, see: (dy: Tensor) => void): Tensor2D {
  const identity = tf.customGrad((...args) => ({
    value: (args[0] as Tensor2D).clone(),
    gradFunc: (dy: Tensor) => {
      see(dy);
      return dy;
    },
  }));
  return identity(x) as Tensor2D;
}

/** Tensors by name that outlive the scope that they are made in. */
class Held<T extends Tensor> {
  readonly #tensors = new Map<string, T>();

  hold(name: string, tensor: T): void {
    this.#tensors.set(name, tf.keep(tf.clone(tensor)) as T);
  }

  /** Hands them back to the scope of the caller. */
  release(): Record<string, T> {
    const entries = [...this.#tensors].map(([name, tensor]) => {
      const copy = tf.clone(tensor) as T;
      tensor.dispose();
      return [name, copy] as const;
    });
    return Object.fromEntries(entries);
  }
}
