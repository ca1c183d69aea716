/**
 * The property gated LSTM over a batch of histories (DUPN, section 3.2), as one TensorFlow op:
 *
 *     i_t = sigmoid(W_ei e_t + W_hi h_{t-1} + W_pi p_t + b_i)          f_t, o_t likewise
 *     c_t = f_t * c_{t-1} + i_t * tanh(W_ec e_t + W_hc h_{t-1} + b_c)  h_t = o_t * tanh(c_t)
 *
 * With peepholes, w_i * c_{t-1}, w_f * c_{t-1} and w_o * c_t are added inside the gates (Gers and Schmidhuber 2000).
 * It is a standard LSTM over [e; p] whose weights from p to the candidate are zero, so BlockLSTMV2 runs it.
 */
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import { attribute, FLOAT, kernel } from './kernel.js';
import { tf } from './tf.js';

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
}

const backward = (peephole: boolean) => [
  attribute.bool('use_peephole', peephole),
  attribute.type('T', FLOAT),
];
const forward = (peephole: boolean) => [attribute.float('cell_clip', 0), ...backward(peephole)];

/** 1 where a weight from the properties is used, 0 in the block of the candidate: [1, 4 units]. */
function propertyGateMask(units: number): Tensor2D {
  return tf.tidy(() =>
    tf.concat([tf.ones([1, 2 * units]), tf.zeros([1, units]), tf.ones([1, units])], 1),
  ) as Tensor2D;
}

/**
 * The states h [time, batch, units] of right-padded histories from a zero state. States at padding steps mean
 * nothing and must be masked by the caller. Differentiable in the item and property vectors and in all weights.
 */
export function recurrence(histories: Histories, weights: RecurrenceWeights): Tensor3D {
  return tf.tidy(() => {
    const { x, kernelWeights } = inputsOf(histories, weights);
    return differentiableLstm(x, kernelWeights, weights.bias, weights.peephole);
  });
}

/** Activations of the gates i, f and o, each the mean over the units, [time, batch]. */
export interface GateActivations {
  readonly input: Tensor2D;
  readonly forget: Tensor2D;
  readonly output: Tensor2D;
}

/** Those of the same recurrence, for people to look at: no gradient. At padding steps they mean nothing. */
export function gateActivations(histories: Histories, weights: RecurrenceWeights): GateActivations {
  return tf.tidy(() => {
    const { x, kernelWeights } = inputsOf(histories, weights);
    const { outputs } = blockLstm(x, kernelWeights, weights.bias, weights.peephole);
    const mean = (activations: Tensor) => tf.mean(activations, 2) as Tensor2D;
    const [input, , forget, output] = outputs;
    return { input: mean(input!), forget: mean(forget!), output: mean(output!) };
  });
}

/** What BlockLSTMV2 reads: x [time, batch, inputs] and its weights [inputs + units, 4 units]. */
function inputsOf(
  histories: Histories,
  weights: RecurrenceWeights,
): { readonly x: Tensor3D; readonly kernelWeights: Tensor2D } {
  const { items, properties, itemAt, propertyAt } = histories;
  const units = weights.recurrent.shape[0];
  check(histories, weights, units);
  const e: Tensor = tf.gather(items, itemAt);
  const gated =
    properties && weights.property
      ? {
          p: tf.gather(properties, propertyAt) as Tensor,
          w: tf.mul(weights.property, propertyGateMask(units)),
        }
      : null;
  const kernelWeights = tf.concat(
    gated ? [weights.item, gated.w, weights.recurrent] : [weights.item, weights.recurrent],
    0,
  );
  return {
    x: (gated ? tf.concat([e, gated.p], 2) : e) as Tensor3D,
    kernelWeights: kernelWeights as Tensor2D,
  };
}

/** BlockLSTMV2 from a zero state; its outputs are i, cs, f, o, ci, co and h, each [time, batch, units]. */
function blockLstm(x: Tensor, weights: Tensor, bias: Tensor, peephole: Tensor2D | null) {
  const [time, batch] = x.shape as [number, number];
  const units = bias.shape[0]! / 4;
  const state = tf.zeros([batch, units]);
  const unused = tf.zeros([units]);
  const [wi, wf, wo] = peephole ? tf.unstack(peephole) : [unused, unused, unused];
  const inputs: readonly Tensor[] = [x, state, state, weights, wi!, wf!, wo!, bias];
  const outputs = kernel('BlockLSTMV2', forward(peephole !== null), [{ int64: time }, ...inputs], 7);
  return { inputs, outputs };
}

/** The states h of `blockLstm`, with their gradient. */
function differentiableLstm(
  x: Tensor3D,
  weights: Tensor2D,
  bias: Tensor1D,
  peephole: Tensor2D | null,
): Tensor3D {
  const [time] = x.shape;
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (saved: Tensor[]) => void;
    const [x, w, b, wp = null] = args as unknown as [Tensor, Tensor, Tensor, Tensor2D?];
    const { inputs, outputs } = blockLstm(x, w, b, wp);
    const h = outputs[6]!;
    save([...inputs, ...outputs]);
    return {
      value: h,
      gradFunc: (dh, saved) => {
        const dc = tf.zerosLike(dh);
        const gradients = kernel(
          'BlockLSTMGradV2',
          backward(wp !== null),
          [{ int64: time }, ...(saved as Tensor[]), dc, dh],
          8,
        );
        const [dx, , , dw, di, df, dout, db] = gradients;
        return [dx!, dw!, db!, ...(wp ? [tf.stack([di!, df!, dout!])] : [])];
      },
    };
  });
  return (peephole ? run(x, weights, bias, peephole) : run(x, weights, bias)) as Tensor3D;
}

function check(histories: Histories, weights: RecurrenceWeights, units: number): void {
  const { items, properties, itemAt, propertyAt } = histories;
  const expect = (what: string, got: readonly number[], wanted: readonly number[]) => {
    if (got.join() !== wanted.join()) {
      throw new RangeError(`recurrence: ${what} must be [${wanted}], got [${got}]`);
    }
  };
  expect('weights.item', weights.item.shape, [items.shape[1], 4 * units]);
  expect('weights.recurrent', weights.recurrent.shape, [units, 4 * units]);
  expect('weights.bias', weights.bias.shape, [4 * units]);
  expect('propertyAt', propertyAt.shape, itemAt.shape);
  if (weights.peephole) expect('weights.peephole', weights.peephole.shape, [3, units]);
  if (properties && weights.property) {
    expect('weights.property', weights.property.shape, [properties.shape[1], 4 * units]);
  }
}
