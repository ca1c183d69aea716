/** Loads tfjs-node, the native engine: once, and only when something asks for it. */
import { createRequire } from 'node:module';
import nodeUtil from 'node:util';
import { messageOf, UserError } from '../common/errors.js';

type Tensorflow = typeof import('@tensorflow/tfjs-node');

let loaded: Tensorflow | undefined;

/** tfjs-node 4.22.0 calls functions of `node:util` that Node 22 warns of and 23 removed (tensorflow/tfjs#8609). */
const REMOVED = {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: Array.isArray,
};

/** @throws UserError when the engine is not installed, or was for another machine. */
export function loadTensorflow(): Tensorflow {
  if (loaded) return loaded;
  const util = nodeUtil as unknown as Record<string, unknown>;
  for (const [name, replacement] of Object.entries(REMOVED)) util[name] = replacement;
  // TensorFlow's greeting would otherwise stand between our lines; a user who wants it sets 0.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  try {
    loaded = createRequire(import.meta.url)('@tensorflow/tfjs-node') as Tensorflow;
  } catch (cause) {
    throw new UserError(
      `Cannot load the engine: ${messageOf(cause).split('\n')[0]}; run \`npm run setup\` in the folder of dupn`,
      { cause },
    );
  }
  return loaded;
}
