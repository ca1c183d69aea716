/**
 * The property gated LSTM over a batch of histories (DUPN, section 3.2), as one TensorFlow op:
 *
 *     i_t = sigmoid(W_ei e_t + W_hi h_{t-1} + W_pi p_t + b_i)          f_t, o_t likewise
 *     c_t = f_t * c_{t-1} + i_t * tanh(W_ec e_t + W_hc h_{t-1} + b_c)  h_t = o_t * tanh(c_t)
 *
 * With peepholes, w_i * c_{t-1}, w_f * c_{t-1} and w_o * c_t are added inside the gates (Gers and Schmidhuber 2000).
 */
import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import { blockRecurrence } from './block-recurrence.js';
import { runsNative } from './native.js';
import { nativeRecurrence } from './native-recurrence.js';

export interface RecurrenceWeights {
  /** [e, 4 units]; the blocks of columns are i, f, c (the candidate), o. */
  readonly item: Tensor2D;
  /** [p, 4 units], or null where properties don't reach the recurrence; block c is never read. */
  readonly property: Tensor2D | null;
  /** [units, 4 units] */
  readonly recurrent: Tensor2D;
  /** [4 units] */
  readonly bias: Tensor1D;
  /** w_i, w_f and w_o, [3, units]; null without peepholes. */
  readonly peephole: Tensor2D | null;
}

export interface Histories {
  /** Vectors of the distinct items of the batch, [numItems, e]. */
  readonly items: Tensor2D;
  /** Vectors of the distinct property combinations of the batch, [numProperties, p]. */
  readonly properties: Tensor2D | null;
  /** Row of `items` of each behaviour, int32 [time, batch]; any valid row at a padding step. */
  readonly itemAt: Tensor2D;
  /** Row of `properties` of each behaviour, int32 [time, batch]. */
  readonly propertyAt: Tensor2D;
  /** Steps of each history, [batch]. */
  readonly lengths: Int32Array;
}

/**
 * The states h [time, batch, units] of right-padded histories from a zero state. States at padding steps mean
 * nothing and must be masked by the caller. Differentiable in the item and property vectors and in all weights.
 */
export function recurrence(histories: Histories, weights: RecurrenceWeights): Tensor3D {
  check(histories, weights);
  return runsNative() ? nativeRecurrence(histories, weights) : blockRecurrence(histories, weights);
}

function check(histories: Histories, weights: RecurrenceWeights): void {
  const { items, properties, itemAt, propertyAt, lengths } = histories;
  const units = weights.recurrent.shape[0];
  const expect = (what: string, got: readonly number[], wanted: readonly number[]) => {
    if (got.join() !== wanted.join()) {
      throw new RangeError(`recurrence: ${what} must be [${wanted}], got [${got}]`);
    }
  };
  expect('weights.item', weights.item.shape, [items.shape[1], 4 * units]);
  expect('weights.recurrent', weights.recurrent.shape, [units, 4 * units]);
  expect('weights.bias', weights.bias.shape, [4 * units]);
  expect('propertyAt', propertyAt.shape, itemAt.shape);
  expect('lengths', [lengths.length], [itemAt.shape[1]]);
  if (weights.peephole) expect('weights.peephole', weights.peephole.shape, [3, units]);
  if (properties && weights.property) {
    expect('weights.property', weights.property.shape, [properties.shape[1], 4 * units]);
  }
}
