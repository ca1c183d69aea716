/**
 * `npm run parity`: works the reference out anew (reference.py, PyTorch in float64, in a virtual environment of its
 * own in the user's cache) and writes test/parity/fixtures, which parity.test.ts compares dupn with.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../setup/libtensorflow.js';
import { withLock } from '../../setup/lock.js';
import { run } from '../../setup/run.js';
import { SetupError, say } from '../../setup/say.js';
import { makeCases, makeWorld } from './cases.js';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Python with PyTorch. A file that is written last says that the environment is whole. */
async function python() {
  const folder = join(cacheFolder(), 'parity');
  const interpreter = join(folder, 'bin', 'python');
  const ready = join(folder, 'ready');
  if (existsSync(ready)) return interpreter;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run('python3', ['-m', 'venv', folder], {
    missing: 'The reference is written in Python: install Python 3.10 or later with venv.',
    failed: 'Is the venv module of Python installed? What it said last:',
  });
  say('installing PyTorch (some GB, once per user)');
  await run(
    interpreter,
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'torch', 'numpy'],
    {
      missing: 'The virtual environment has no Python; run this again.',
      failed: 'Is PyPI, or the mirror that pip is set up for, reachable from here? What pip said last:',
    },
  );
  writeFileSync(ready, '');
  return interpreter;
}

function reference(interpreter, input) {
  const result = spawnSync(interpreter, [join(here, 'reference.py')], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new SetupError(`reference.py ended with ${result.status}`);
  return JSON.parse(result.stdout);
}

/** JSON with a line for each entry of the outer levels, so that a change can be read. */
function lines(value, levels) {
  if (levels === 0 || typeof value !== 'object' || value === null || Array.isArray(value))
    return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, inner]) => `${JSON.stringify(key)}: ${lines(inner, levels - 1)}`,
  );
  return `{\n${entries.join(',\n')}\n}`;
}

function write(name, value) {
  const path = join(here, 'fixtures', `${name}.json`);
  writeFileSync(`${path}.new`, `${lines(value, 3)}\n`);
  renameSync(`${path}.new`, path);
}

try {
  const world = makeWorld();
  const cases = makeCases(world);
  const interpreter = await withLock(join(cacheFolder(), 'parity.lock'), python);
  const expected = reference(interpreter, { world, cases });
  write('world', world);
  for (const [name, given] of Object.entries(cases)) write(name, { ...given, expected: expected[name] });
  say(`wrote ${Object.keys(cases).length} cases to test/parity/fixtures; now: npx vitest run test/parity`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
