/** Half the squared norm of a tensor by TensorFlow's L2Loss, one operation for the square, the sum and the half. */
import type { Scalar, Tensor } from '@tensorflow/tfjs-node';
import { attribute, FLOAT, kernelOne } from './kernel.js';
import { tf } from './tf.js';

const ATTRIBUTES = [attribute.type('T', FLOAT)];

const withGradient = tf.customGrad((...args) => {
  const [x, save] = args as unknown as [Tensor, (saved: Tensor[]) => void];
  save([x]);
  return {
    value: kernelOne('L2Loss', ATTRIBUTES, [x]),
    gradFunc: (dy, saved) => tf.mul(dy as Scalar, (saved as Tensor[])[0]!),
  };
});

/** sum x^2 / 2, with its gradient. */
export function halfSquare(x: Tensor): Scalar {
  return withGradient(x) as Scalar;
}
