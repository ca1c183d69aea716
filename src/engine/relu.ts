/** max(x, 0) with its gradient by TensorFlow's ReluGrad: that of `tf.relu` is put together from eight operations. */
import type { Tensor } from '@tensorflow/tfjs-node';
import { attribute, FLOAT, kernelOne } from './kernel.js';
import { tf } from './tf.js';

const ATTRIBUTES = [attribute.type('T', FLOAT)];

const withGradient = tf.customGrad((...args) => {
  const [x, save] = args as unknown as [Tensor, (saved: Tensor[]) => void];
  const y = kernelOne('Relu', ATTRIBUTES, [x]);
  save([y]);
  return {
    value: y,
    gradFunc: (dy, saved) => kernelOne('ReluGrad', ATTRIBUTES, [dy, (saved as Tensor[])[0]!]),
  };
});

export function relu<T extends Tensor>(x: T): T {
  return withGradient(x) as T;
}
