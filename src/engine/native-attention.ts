/** The attention by our own kernel (native/attention-*.cc), which works through each query's history in place. */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node';
import type { AttentionInputs } from './attention.js';
import { attribute, kernel } from './kernel.js';
import { tf } from './tf.js';

/** The op's inputs, in its order. */
function inputsOf({ states, keys, queries, requestOf, score, lengths }: AttentionInputs): Tensor[] {
  const hidden = keys.shape[2];
  return [
    states,
    keys,
    queries ?? tf.zeros([0, hidden]),
    tf.tensor1d(requestOf ?? new Int32Array(0), 'int32'),
    score,
    tf.tensor1d(lengths, 'int32'),
  ];
}

const attributesOf = ({ queries }: AttentionInputs) => [attribute.bool('asked', queries !== null)];

/** `attention`. */
export function nativeAttention(inputs: AttentionInputs): Tensor2D {
  const attributes = attributesOf(inputs);
  return tf.tidy(() => {
    const run = tf.customGrad((...args) => {
      const save = args.pop() as unknown as (saved: Tensor[]) => void;
      const [states, keys, score, queries = null] = args as unknown as [Tensor, Tensor, Tensor, Tensor?];
      const all = inputsOf({ ...inputs, states, keys, score, queries } as AttentionInputs);
      const [representation, weights] = kernel('DupnAttention', attributes, all, 2);
      save([weights!, ...all]);
      return {
        value: representation!,
        gradFunc: (dy, saved) => {
          const gradients = kernel('DupnAttentionGradient', attributes, [dy, ...(saved as Tensor[])], 4);
          const [dStates, dKeys, dQueries, dScore] = gradients;
          return [dStates!, dKeys!, dScore!, ...(queries ? [dQueries!] : [])];
        },
      };
    });
    const { states, keys, score, queries } = inputs;
    return run(states, keys, score, ...(queries ? [queries] : [])) as Tensor2D;
  });
}

/** `attentionWeights`. */
export function nativeAttentionWeights(inputs: AttentionInputs): Tensor2D {
  return tf.tidy(() => kernel('DupnAttention', attributesOf(inputs), inputsOf(inputs), 2)[1] as Tensor2D);
}
