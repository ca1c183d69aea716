/** Losses of the kinds of task, each the weighted mean over the samples of a batch. */
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node';
import type { BatchSamples } from '../dataset/batch.js';
import { relu } from '../engine/relu.js';
import { tf } from '../engine/tf.js';
import type { TaskShape } from '../model/shape.js';

/** What a mean is over: the samples at hand, or those of a greater batch. */
export interface SampleTotals {
  readonly samples: number;
  readonly weight: number;
}

/** sum w l / sum w of the losses l of the samples. */
const weightedMean = (losses: Tensor1D, weight: Float32Array, total: number): Scalar =>
  tf.div(tf.sum(tf.mul(losses, tf.tensor1d(weight))), total > 0 ? total : 1);

const weightsOf = (
  { label, weight }: Pick<BatchSamples, 'label' | 'weight'>,
  classWeights: readonly number[] | undefined,
): Float32Array => (classWeights ? weight.map((value, at) => value * classWeights[label[at]!]!) : weight);

/** Of the samples at hand. */
export function sampleTotals(
  samples: Pick<BatchSamples, 'label' | 'weight'>,
  classWeights?: readonly number[],
): SampleTotals {
  const weight = weightsOf(samples, classWeights).reduce((sum, value) => sum + value, 0);
  return { samples: samples.label.length, weight };
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

/**
 * The mean loss of logits [samples, outputs]; `classWeights` are factors of the samples' weights by label. With the `totals` of a
 * greater batch, the part that these samples have in its mean.
 */
export function taskLoss(
  task: TaskShape,
  logits: Tensor2D,
  samples: Pick<BatchSamples, 'label' | 'weight'>,
  classWeights?: readonly number[],
  totals: SampleTotals = sampleTotals(samples, classWeights),
): Scalar {
  const { label } = samples;
  const weight = weightsOf(samples, classWeights);
  switch (task.kind) {
    case 'binary':
    // sum n log(1 + exp(-y s)) with y in {-1, 1} is the log loss with y in {0, 1}.
    case 'rank':
      return weightedMean(logLosses(logits.squeeze([1]), label), weight, totals.weight);
    case 'multiclass':
      return weightedMean(softmaxLosses(logits, label), weight, totals.weight);
  }
}

/**
 * A task's share of the total loss: w L, or with a learned uncertainty w (exp(-s) L + s / 2), s = log sigma^2 (Kendall, Gal,
 * Cipolla, CVPR 2018, equation 10 for tasks with classes). `part` is the share of the samples that the loss is of.
 */
export function weightedLoss(loss: Scalar, weight: number, uncertainty: Tensor1D | null, part = 1): Scalar {
  if (!uncertainty) return tf.mul(loss, weight);
  const s = uncertainty.squeeze() as Scalar;
  return tf.mul(tf.add(tf.mul(tf.exp(tf.neg(s)), loss), tf.mul(s, part / 2)), weight);
}
