/**
 * `node bench/cluster.js [--data FOLDER] [--workers 1,2,4] [--modes replicated,sharded,servers,asynchronous]`: training by several
 * processes on this machine, with a server for two workers where servers are asked for: samples a second, and what a step costs by part.
 * Prints one JSON document.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../setup/libtensorflow.js';
import { pythonEnvironment } from '../test/python-environment.js';
import { dupn } from './command.js';
import { PACKAGES } from './packages.js';
import { trainingData } from './prepare.js';
import { say } from './say.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(cacheFolder(), 'bench-data') },
    workers: { type: 'string', default: '1,2,4' },
    modes: { type: 'string', default: 'replicated,sharded,servers,asynchronous' },
  },
});
mkdirSync(values.data, { recursive: true });
const python = await pythonEnvironment('bench', PACKAGES);
const { config } = await trainingData({ data: values.data, python });

const results = [];
for (const workers of values.workers.split(',').map(Number)) {
  for (const mode of values.modes.split(',')) {
    // One process trains alone, or with a server.
    if (workers === 1 && mode !== 'replicated' && mode !== 'asynchronous') continue;
    const tables = mode === 'asynchronous' ? 'servers' : mode;
    const servers = tables === 'servers' ? `,ps=${Math.max(1, workers / 2)}` : '';
    say(`${workers} workers, ${mode}`);
    const settings = ['run.name=cluster', `distributed.tables=${tables}`, 'train.epochs=1'];
    if (mode === 'asynchronous') settings.push('distributed.steps=asynchronous');
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        ...[dupn, 'train', '-c', config, '--force', '--json', '--log-level', 'error'],
        ...[
          '--local-cluster',
          `workers=${workers}${servers}`,
          ...settings.flatMap((setting) => ['--set', setting]),
        ],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    if (status !== 0) throw new Error(`${workers} workers ended with ${status}`);
    const { steps, samples, samplesPerSecond, waitingShare, exchange = {} } = JSON.parse(stdout);
    const samplesPerStep = samples / steps;
    results.push({ workers, mode, steps, samplesPerStep, samplesPerSecond, waitingShare, exchange });
  }
}
console.log(JSON.stringify(results, null, 1));
