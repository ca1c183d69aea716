/** Losses of the kinds of task, each the weighted mean over the samples of a batch. */
import type { Scalar, Tensor1D } from '@tensorflow/tfjs-node';
import type { BatchSamples } from '../dataset/batch.js';
import { tf } from '../engine/tf.js';
import type { TaskShape } from '../model/shape.js';

/** sum w (max(z, 0) - y z + log(1 + exp(-|z|))) / sum w: the log loss of logits z, safe for any z. */
function logLoss(logits: Tensor1D, { label, weight }: BatchSamples): Scalar {
  const y = tf.tensor1d(label);
  const w = tf.tensor1d(weight);
  const each = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, y)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
  const total = weight.reduce((sum, value) => sum + value, 0);
  return tf.div(tf.sum(tf.mul(each, w)), total > 0 ? total : 1);
}

export function taskLoss(task: TaskShape, logits: Tensor1D, samples: BatchSamples): Scalar {
  switch (task.kind) {
    case 'binary':
      return logLoss(logits, samples);
  }
}
