/** Tasks of every kind by YAML alone, from the sample log to metrics. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runMain } from './collect-output.js';

const configs = new URL('../../configs', import.meta.url).pathname;

let folder: string;

const yaml = () => `
extends: ${configs}/quickstart.yaml
name: tasks
data: { root: ${configs}/../data-samples }
features:
  user:
    scenario: { from: request, tasks: [ctr] }
    query: { from: request, tasks: [ctr] }
entities:
  shop:
    units: 8
    table: { files: shops.csv.gz }
    fields:
      shop: {}
      style: { shares: tags }
      tier: { size: 4 }
  icon:
    units: 8
    table: { files: icons.csv.gz }
    fields:
      icon: { size: 8 }
      style: { shares: tags }
split: { trainingFrom: 2026-01-15, validationUsers: 0.3 }
tasks:
  price: { kind: multiclass, classes: 7, samples: { files: price_samples.csv.gz } }
  order:
    kind: rank
    samples: { files: impressions.csv.gz, request: request_id, features: [position] }
  icon: { kind: binary, candidate: icon, samples: { files: icon_samples.csv.gz } }
  shop: { kind: binary, candidate: shop, samples: { files: shop_samples.csv.gz } }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 10 }
train: { epochs: 1 }
eval: { bootstrapSamples: 10 }
preprocess: { folder: ${folder}/prepared }
run: { folder: ${folder}/runs }
`;

async function json(command: string, ...rest: string[]) {
  const output = await runMain([command, '-c', join(folder, 'tasks.yaml'), '--json', ...rest]);
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  return JSON.parse(output.stdout);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-tasks-'));
  await writeFile(join(folder, 'tasks.yaml'), yaml());
});

describe.sequential('tasks by YAML alone', () => {
  it('are prepared together', async () => {
    const { tasks } = await json('preprocess');
    expect(Object.keys(tasks)).toEqual(['ctr', 'price', 'order', 'icon', 'shop']);
    expect(tasks.order.features.map(({ name }: { name: string }) => name)).toEqual(['constant', 'position']);
    expect(Object.keys(tasks.price.counts.training)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(tasks.shop).toMatchObject({ kind: 'binary', candidate: 'shop', classes: 2 });
    expect(tasks.price).toMatchObject({ kind: 'multiclass', candidate: null, classes: 7 });
  });

  it('are trained and measured together', async () => {
    await json('train');
    const { metrics, baselines } = await json('eval');
    const binary = ['ctr', 'order', 'icon', 'shop'].flatMap((task) =>
      ['auc', 'gauc', 'logLoss'].map((name) => `${name}[${task}]`),
    );
    const classes = ['accuracy', 'macroAuc', 'logLoss'].map((name) => `${name}[price]`);
    expect(Object.keys(metrics).sort()).toEqual([...binary, ...classes].sort());
    for (const [key, value] of Object.entries(metrics)) expect(Number.isFinite(value), key).toBe(true);
    expect(Object.keys(baselines.shop)).toEqual(['shop', 'seen']);
    expect(Object.keys(baselines.icon)).toEqual(['icon']);
    expect(Object.keys(baselines.order)).toEqual(['item', 'seen']);
    expect(Object.keys(baselines.price)).toEqual(['prior', 'lastItem']);
  });

  it('are trained and measured by themselves on the same prepared data', async () => {
    const alone = ['--set', 'train.tasks=[shop]', '--set', 'run.name=alone'];
    await json('train', ...alone);
    const { metrics } = await json('eval', ...alone);
    expect(Object.keys(metrics)).toEqual(['auc[shop]', 'gauc[shop]', 'logLoss[shop]']);
  });

  it('refuse to evaluate a run of other tasks', async () => {
    const output = await runMain([
      'eval',
      '-c',
      join(folder, 'tasks.yaml'),
      '--set',
      'run.name=alone',
      '--log-level',
      'silent',
    ]);
    expect(output.code).toBe(2);
    expect(output.stderr).toMatch(/tasks/);
  });
});
