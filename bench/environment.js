/** What a result was measured on: machine, versions, and which code runs the model. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { dupn } from './command.js';
import { PACKAGES } from './packages.js';
import { ALL_THREADS, THREADS } from './threads.js';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

const VERSIONS = `
import importlib.metadata, json, platform, sys
print(json.dumps({'python': platform.python_version(), **{name: importlib.metadata.version(name) for name in sys.argv[1:]}}))`;

function output(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: pathOf('..') });
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}:\n${stderr}`);
  return stdout.trim();
}

export function environment(python) {
  const { version } = JSON.parse(readFileSync(pathOf('../package.json'), 'utf8'));
  const doctor = JSON.parse(output(process.execPath, [dupn, 'doctor', '--json']));
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: pathOf('..') });
  return {
    dupn: version,
    commit: commit.status === 0 ? commit.stdout.trim() : null,
    cpu: { model: cpus()[0]?.model ?? 'unknown', threads: ALL_THREADS, features: doctor.cpu.features },
    threadsMeasured: THREADS,
    memoryBytes: totalmem(),
    // Which kernels run, among other things.
    engine: doctor.engine,
    versions: {
      node: process.version,
      duckdb: doctor.duckdb,
      ...JSON.parse(output(python, ['-c', VERSIONS, ...PACKAGES])),
    },
  };
}
