/** Whether operations are recorded for a gradient: where they are not, what only a gradient needs is not kept. */
import { tf } from './tf.js';

/** Not in tfjs's public types. */
interface Engine {
  readonly state: { readonly gradientDepth: number };
}

export const isRecording = (): boolean => (tf.engine() as unknown as Engine).state.gradientDepth > 0;
