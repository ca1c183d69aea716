/**
 * `npm run parity`: works the reference out anew (reference.py, PyTorch in float64, in a virtual environment of its
 * own in the user's cache) and writes test/parity/fixtures, which parity.test.ts compares dupn with.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError, say } from '../../setup/say.js';
import { askPython, pythonEnvironment } from '../python-environment.js';
import { writeFixture } from '../write-fixture.js';
import { makeCases, makeWorld } from './cases.js';

const here = fileURLToPath(new URL('.', import.meta.url));

try {
  const world = makeWorld();
  const cases = makeCases(world);
  // PyTorch: some GB.
  const interpreter = await pythonEnvironment('parity', ['torch', 'numpy']);
  const expected = askPython(interpreter, join(here, 'reference.py'), { world, cases });
  const write = (name, value) => writeFixture(join(here, 'fixtures', `${name}.json`), value);
  write('world', world);
  for (const [name, given] of Object.entries(cases)) write(name, { ...given, expected: expected[name] });
  say(`wrote ${Object.keys(cases).length} cases to test/parity/fixtures; now: npx vitest run test/parity`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
