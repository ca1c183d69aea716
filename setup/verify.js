/** Step 4: the engine multiplies two matrices, in a process of its own. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './run.js';
import { SetupError } from './say.js';

const PROGRAM = `
const util = require('node:util');
for (const name of ['isNullOrUndefined', 'isArray']) util[name] ??= { isNullOrUndefined: (x) => x == null, isArray: Array.isArray }[name];
const tf = require('@tensorflow/tfjs-node');
const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])).dataSync();
console.log(JSON.stringify({ product: [...product], version: tf.version['tfjs-node'], tensorflow: tf.backend().binding.TF_Version }));
`;

/** Returns the versions that ran. */
export function verifyEngine(root) {
  const output = run(process.execPath, ['-e', PROGRAM], {
    cwd: root,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', NODE_PATH: join(root, 'node_modules') },
    missing: '',
    failed: `The engine does not start. Remove node_modules (${pathToFileURL(root)}) and run setup again. It said:`,
  });
  const result = JSON.parse(output.trim().split('\n').at(-1));
  if (result.product.join() !== '19,22,43,50') {
    throw new SetupError(`The engine multiplies wrongly: expected 19,22,43,50, got ${result.product}.`);
  }
  return result;
}
