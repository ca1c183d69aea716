/** Python with packages, for checks against other programs: a virtual environment in the user's cache, made once. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../setup/libtensorflow.js';
import { withLock } from '../setup/lock.js';
import { run } from '../setup/run.js';
import { SetupError, say } from '../setup/say.js';

/**
 * The interpreter of the environment `name` with `packages` (as pip writes them). A file that is written last says what
 * it holds; with other packages than asked for, those are added. @throws SetupError
 */
export function pythonEnvironment(name, packages) {
  const folder = join(cacheFolder(), name);
  return withLock(`${folder}.lock`, () => environment(folder, packages));
}

async function environment(folder, packages) {
  const interpreter = join(folder, 'bin', 'python');
  const ready = join(folder, 'ready');
  const wanted = packages.join(' ');
  if (!existsSync(ready)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await run('python3', ['-m', 'venv', folder], {
      missing: 'This check is written in Python: install Python 3.10 or later with venv.',
      failed: 'Is the venv module of Python installed? What it said last:',
    });
  } else if (readFileSync(ready, 'utf8') === wanted) return interpreter;
  say(`installing ${packages.join(', ')} in ${folder} (once per user)`);
  await run(interpreter, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], {
    missing: 'The virtual environment has no Python; run this again.',
    failed: 'Is PyPI, or the mirror that pip is set up for, reachable from here? What pip said last:',
  });
  writeFileSync(ready, wanted);
  return interpreter;
}

/** Runs a script that reads JSON from stdin and writes JSON to stdout. @throws SetupError when it fails */
export function askPython(interpreter, script, input) {
  const result = spawnSync(interpreter, [script], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new SetupError(`${script} ended with ${result.status}`);
  return JSON.parse(result.stdout);
}
