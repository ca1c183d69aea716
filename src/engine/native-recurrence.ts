/**
 * The property gated LSTM by our own kernel (native/lstm-*.cc). The vectors of the distinct items and property combinations
 * pass the input weights once, by matrix products; only h W_h is left for each behaviour.
 */
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import { attribute, kernel } from './kernel.js';
import { matMul } from './mat-mul.js';
import { propertyGateMask } from './property-gate-mask.js';
import { isRecording } from './recording.js';
import type { Histories, RecurrenceWeights } from './recurrence.js';
import { tf } from './tf.js';

/** `recurrence`; states at padding steps are zero. */
export function nativeRecurrence(histories: Histories, weights: RecurrenceWeights): Tensor3D {
  return tf.tidy(() => {
    const units = weights.recurrent.shape[0];
    const { items, properties, itemAt, lengths } = histories;
    const bias = weights.bias.expandDims(0) as Tensor2D;
    const gated =
      properties && weights.property
        ? {
            table: tf.add(matMul(properties, tf.mul(weights.property, propertyGateMask(units))), bias),
            at: histories.propertyAt,
          }
        : { table: bias, at: tf.zerosLike(itemAt) };
    const at = [itemAt, gated.at, tf.tensor1d(lengths, 'int32')] as const;
    return states(matMul(items, weights.item), gated.table as Tensor2D, at, weights);
  });
}

/** h of projected items [items, 4 units] and properties [properties, 4 units]; `at` holds itemAt, propertyAt and lengths. */
function states(
  items: Tensor2D,
  properties: Tensor2D,
  at: readonly Tensor[],
  { recurrent, peephole }: RecurrenceWeights,
): Tensor3D {
  const keep = [attribute.bool('keep', isRecording())];
  const none = tf.zeros([0, recurrent.shape[0]]);
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (saved: Tensor[]) => void;
    const [items, properties, recurrent, peephole = none] = args as unknown as Tensor[];
    const inputs = [items!, properties!, ...at, recurrent!, peephole];
    const outputs = kernel('DupnLstm', keep, inputs, 3);
    save([...outputs, ...inputs]);
    return {
      value: outputs[0]!,
      gradFunc: (dh, saved) =>
        kernel('DupnLstmGradient', [], [dh, ...(saved as Tensor[])], 4).slice(0, args.length),
    };
  });
  return run(items, properties, recurrent, ...(peephole ? [peephole] : [])) as Tensor3D;
}
