/** Loads tfjs-node, the native engine. */
import { createRequire } from 'node:module';

type Tensorflow = typeof import('@tensorflow/tfjs-node');

let loaded: Tensorflow | undefined;

export function loadTensorflow(): Tensorflow {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  loaded ??= createRequire(import.meta.url)('@tensorflow/tfjs-node') as Tensorflow;
  return loaded;
}
