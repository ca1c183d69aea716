/** A small shop whose model is trained and exported, for tests of what serves it. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMain } from './collect-output.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;

export interface ServingWorld {
  readonly folder: string;
  readonly config: readonly string[];
  readonly bundle: string;
  readonly prepared: string;
}

async function succeed(...argv: string[]): Promise<void> {
  const output = await runMain([...argv, '--log-level', 'warn']);
  if (output.code !== 0) throw new Error(`${argv[0]}: ${output.stderr}`);
}

/** `more` are further keys of the model. The caller removes the folder. */
export async function makeServingWorld(more = ''): Promise<ServingWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-serve-'));
  await succeed('generate', '--out', join(folder, 'log'), '--users', '80', '--days', '6');
  const file = join(folder, 'shop.yaml');
  await writeFile(
    file,
    `extends: ${quickstart}
name: shop
data: { root: ${join(folder, 'log')}, wholeNumbers: true }
features: { user: { phone: { column: device, from: lastEvent } }, itemNumbers: { price: { scale: log } } }
split: { trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2 }
tasks:
  asked: { kind: binary, query: candidate, classWeights: [1, 2], samples: { files: impressions.csv.gz, request: request_id } }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 20${more} }
train: { epochs: 1, learningRate: 0.01 }
preprocess: { folder: ${join(folder, 'prepared')} }
run: { folder: ${join(folder, 'runs')} }
`,
  );
  const config = ['-c', file];
  for (const command of ['preprocess', 'train']) await succeed(command, ...config);
  const bundle = join(folder, 'bundle');
  await succeed('export', ...config, '--out', bundle);
  return { folder, config, bundle, prepared: join(folder, 'prepared/shop') };
}
