/** Loss and gradients of one batch: of every dense weight, and of the table rows that the batch reads. */
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import type { Batch } from '../dataset/batch.js';
import { tf } from '../engine/tf.js';
import { encode, taskLogits } from '../model/forward.js';
import { gatherRows, rowsOfBatch } from '../model/rows.js';
import type { Dropout } from '../model/tower.js';
import type { ModelWeights } from '../model/weights.js';
import { taskLoss } from './loss.js';

export interface LossOptions {
  /** Task -> factor of its mean loss. */
  readonly taskWeights: Readonly<Record<string, number>>;
  /** Adds l2 / 2 times the squared norm of the dense weights and of the rows read. */
  readonly l2: number;
  readonly dropout: Dropout | null;
}

export interface Gradients {
  /** The total loss, penalty included. */
  readonly loss: Scalar;
  /** Each task's mean loss; tasks without samples in the batch are not here. */
  readonly lossByTask: Readonly<Record<string, Scalar>>;
  /** Dense weights that the loss depends on. */
  readonly dense: Readonly<Record<string, Tensor>>;
  /** Table -> distinct rows (int32 [rows]) and their gradients [rows, size]. */
  readonly tables: Readonly<Record<string, { readonly indices: Tensor1D; readonly gradient: Tensor2D }>>;
}

/** Works them out; the caller's scope (`tf.tidy`) owns every tensor of the result. */
export function computeGradients(weights: ModelWeights, batch: Batch, options: LossOptions): Gradients {
  const { shape } = weights;
  const rows = gatherRows(weights, rowsOfBatch(shape, batch));
  const denseNames = [...weights.dense.keys()];
  const tableNames = Object.keys(rows);
  const dense = Object.fromEntries(denseNames.map((name) => [name, weights.dense.get(name)!.read()]));
  const gathered = Object.fromEntries(tableNames.map((name) => [name, rows[name]!.values]));
  const lossByTask: Record<string, Scalar> = {};

  const forward = () => {
    const lookUp = (name: string) => dense[name]!;
    const encoded = encode(shape, lookUp, gathered, batch);
    const logits = taskLogits(shape, lookUp, batch, encoded, options.dropout);
    const terms = Object.entries(logits).map(([name, values]) => {
      const loss = taskLoss(shape.tasks[name]!, values, batch.tasks[name]!);
      lossByTask[name] = tf.keep(tf.clone(loss)) as Scalar;
      return tf.mul(loss, options.taskWeights[name] ?? 1);
    });
    if (terms.length === 0) throw new Error('a batch without samples of any task has no loss');
    if (options.l2 > 0) {
      const squares = [...Object.values(dense), ...Object.values(gathered)].map((w) => tf.sum(tf.square(w)));
      terms.push(tf.mul(tf.addN(squares), options.l2 / 2));
    }
    return (terms.length === 1 ? terms[0]! : tf.addN(terms)) as Scalar;
  };

  const inputs = [...denseNames.map((name) => dense[name]!), ...tableNames.map((name) => gathered[name]!)];
  // Not `tf.grads`: it refuses a weight that the loss does not depend on, such as the tower of an absent task.
  const { value, grads } = tf.engine().gradients(forward, inputs, undefined, true);
  const kept = Object.fromEntries(Object.entries(lossByTask).map(([name, loss]) => [name, release(loss)]));
  return {
    loss: value as Scalar,
    lossByTask: kept,
    dense: Object.fromEntries(denseNames.flatMap((name, at) => (grads[at] ? [[name, grads[at]]] : []))),
    tables: Object.fromEntries(
      tableNames.flatMap((name, at) => {
        const gradient = grads[denseNames.length + at] as Tensor2D | null;
        return gradient && gradient.shape[0] > 0 ? [[name, { indices: rows[name]!.indices, gradient }]] : [];
      }),
    ),
  };
}

/** Hands a kept tensor back to the scope of the caller. */
function release(tensor: Scalar): Scalar {
  const copy = tf.clone(tensor);
  tensor.dispose();
  return copy;
}
