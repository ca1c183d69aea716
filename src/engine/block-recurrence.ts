/**
 * The property gated LSTM by TensorFlow's BlockLSTMV2, where our own kernels are not: it is a standard LSTM over [e; p] whose
 * weights from p to the candidate are zero.
 */
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node';
import { attribute, FLOAT, kernel } from './kernel.js';
import { propertyGateMask } from './property-gate-mask.js';
import type { Histories, RecurrenceWeights } from './recurrence.js';
import { tf } from './tf.js';

const backward = (peephole: boolean) => [
  attribute.bool('use_peephole', peephole),
  attribute.type('T', FLOAT),
];
const forward = (peephole: boolean) => [attribute.float('cell_clip', 0), ...backward(peephole)];

/** `recurrence`. */
export function blockRecurrence(histories: Histories, weights: RecurrenceWeights): Tensor3D {
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
