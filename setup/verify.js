/** Step 4: the engine multiplies two matrices, in a process of its own. */
import { join } from 'node:path';
import { cacheFolder } from './libtensorflow.js';
import { run } from './run.js';
import { SetupError } from './say.js';

/** Newer versions of Node lack two functions that tfjs-node calls; src/engine/load.ts puts them back as well. */
const PROGRAM = `
Object.assign(require('node:util'), { isNullOrUndefined: (x) => x == null, isArray: Array.isArray });
const tf = require('@tensorflow/tfjs-node');
const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])).dataSync();
console.log(JSON.stringify({ product: [...product], version: tf.version['tfjs-node'], tensorflow: tf.backend().binding.TF_Version }));
`;

/** Returns the versions that ran. */
export async function verifyEngine(root) {
  const output = await run(process.execPath, ['-e', PROGRAM], {
    cwd: root,
    env: { TF_CPP_MIN_LOG_LEVEL: '2', NODE_PATH: join(root, 'node_modules') },
    missing: '',
    failed:
      'The engine does not start. If it was stopped by SIGILL, the CPU lacks AVX, which TensorFlow needs. ' +
      `Else remove ${join(root, 'node_modules')} and ${cacheFolder()} and run setup again.`,
  });
  const line = output.split('\n').find((text) => text.startsWith('{"product"'));
  const result = line ? JSON.parse(line) : { product: 'nothing' };
  if (result.product.toString() !== '19,22,43,50') {
    throw new SetupError(`The engine multiplies wrongly: expected 19,22,43,50, got ${result.product}.`);
  }
  return result;
}
