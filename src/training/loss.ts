/** Losses of the kinds of task, each the weighted mean over the samples of a batch. */
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import type { BatchSamples } from '../dataset/batch.js';
import { relu } from '../engine/relu.js';
import { tf } from '../engine/tf.js';
import type { TaskShape } from '../model/shape.js';

/** sum w l / sum w of the losses l of the samples. */
function weightedMean(losses: Tensor1D, weight: Float32Array): Scalar {
  const total = weight.reduce((sum, value) => sum + value, 0);
  return tf.div(tf.sum(tf.mul(losses, tf.tensor1d(weight))), total > 0 ? total : 1);
}

/** max(z, 0) - y z + log(1 + exp(-|z|)): the log loss of logits z, safe for any z. */
function logLosses(logits: Tensor1D, label: Float32Array): Tensor1D {
  const y = tf.tensor1d(label);
  return tf.add(tf.sub(relu(logits), tf.mul(logits, y)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
}

/** log sum_k exp(z_k) - z_y of logits z [samples, classes]. */
function softmaxLosses(logits: Tensor2D, label: Float32Array): Tensor1D {
  const y = tf.oneHot(tf.tensor1d(Int32Array.from(label), 'int32'), logits.shape[1]);
  return tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, y), 1));
}

/** The mean loss of logits [samples, outputs]; `classWeights` are factors of the samples' weights by label. */
export function taskLoss(
  task: TaskShape,
  logits: Tensor2D,
  { label, weight: own }: Pick<BatchSamples, 'label' | 'weight'>,
  classWeights?: readonly number[],
): Scalar {
  const weight = classWeights ? own.map((value, at) => value * classWeights[label[at]!]!) : own;
  switch (task.kind) {
    case 'binary':
    // sum n log(1 + exp(-y s)) with y in {-1, 1} is the log loss with y in {0, 1}.
    case 'rank':
      return weightedMean(logLosses(logits.squeeze([1]), label), weight);
    case 'multiclass':
      return weightedMean(softmaxLosses(logits, label), weight);
  }
}

/**
 * A task's share of the total loss: w L, or with a learned uncertainty w (exp(-s) L + s / 2), s = log sigma^2 (Kendall, Gal,
 * Cipolla, CVPR 2018, equation 10 for tasks with classes).
 */
export function weightedLoss(loss: Scalar, weight: number, uncertainty: Tensor1D | null): Scalar {
  if (!uncertainty) return tf.mul(loss, weight);
  const s = uncertainty.squeeze() as Scalar;
  return tf.mul(tf.add(tf.mul(tf.exp(tf.neg(s)), loss), tf.div(s, 2)), weight);
}
