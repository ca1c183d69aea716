/**
 * `npm run peers`: compares dupn with other programs, in a virtual environment of its own in the user's cache. TensorBoard
 * has to read what training writes, onnxruntime what is exported; metrics of scikit-learn go to test/peers/fixtures, which metrics.test.ts compares with.
 */
import { fileURLToPath } from 'node:url';
import { SetupError, say } from '../../setup/say.js';
import { askPython, pythonEnvironment } from '../python-environment.js';
import { writeFixture } from '../write-fixture.js';
import { makeCases } from './cases.js';
import { checkOnnx } from './onnx.js';
import { checkTensorboard } from './tensorboard.js';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

try {
  const interpreter = await pythonEnvironment('peers', [
    'numpy',
    'scipy',
    'scikit-learn',
    'tensorboard',
    'onnx',
    'onnxruntime',
  ]);
  const cases = makeCases();
  const expected = askPython(interpreter, pathOf('metrics.py'), cases);
  const fixture = cases.map(({ name, ...given }) => [name, { ...given, expected: expected[name] }]);
  writeFixture(pathOf('fixtures/metrics.json'), Object.fromEntries(fixture));
  say(`wrote ${cases.length} cases to test/peers/fixtures; now: npx vitest run test/peers`);
  await checkTensorboard(interpreter);
  await checkOnnx(interpreter);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
