/** A log and configs so small that every command takes seconds, for checks that run `dupn` as people do. */
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../setup/run.js';

const pathOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const base = (folder) => `
extends: ${pathOf('configs/quickstart.yaml')}
name: tiny
data: { root: ${folder}/log }
features: { ranking: null, query: null, user: { scenario: { tasks: [ctr] } } }
entities: null
split: { trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2 }
tasks: { l2r: null, fifp: null, spp: null, ctr: { query: none } }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 10 }
train: { epochs: 2, patience: 9, batchRequests: 32 }
eval: { bootstrapSamples: 20 }
preprocess: { folder: ${folder}/prepared }
run: { folder: ${folder}/runs }
`;

const transfer = `
name: known
base: base.yaml
task: ppp
seeds: [1, 2]
fractions: [1, 0.5]
train: { epochs: 1, batchRequests: 32 }
`;

const backtest = `
name: daily
base: base.yaml
from: 2026-01-08
days: 3
update: { epochs: 1 }
`;

/** A folder with log/ and {base,transfer,backtest}.yaml, whose runs go to runs/. The caller removes it. */
export async function makeTinyWorld(users) {
  const folder = mkdtempSync(join(tmpdir(), 'dupn-tiny-'));
  for (const [name, text] of Object.entries({ base: base(folder), transfer, backtest })) {
    writeFileSync(join(folder, `${name}.yaml`), text);
  }
  await dupn('generate', '--out', join(folder, 'log'), '--users', String(users), '--days', '6');
  return folder;
}

/** Runs a command to its end. @throws SetupError when it fails */
export function dupn(...args) {
  return run(process.execPath, [pathOf('bin/dupn.js'), ...args], {
    missing: '',
    failed: `dupn ${args.join(' ')} failed.`,
  });
}

/** Starts a command, and gives its process. */
export function startDupn(...args) {
  return spawn(process.execPath, [pathOf('bin/dupn.js'), ...args], { stdio: 'ignore' });
}
