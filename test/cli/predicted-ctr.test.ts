/** The predictions of an earlier run as a ranking feature, by YAML alone, as in docs/ranking-features.md. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/common/prepared.js';
import { loadConfig } from '../../src/config/load.js';
import { BatchSource } from '../../src/dataset/batch-source.js';
import { loadCheckpoint } from '../../src/model/checkpoint.js';
import { scoreBatch } from '../../src/model/score.js';
import { planFor } from '../../src/training/plans.js';
import { runMain } from './collect-output.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;

let folder: string;

// Local times are not those in which predictions are written.
const main = () => `
extends: ${quickstart}
name: main
data: { root: ${folder}/log, timeZone: Asia/Shanghai }
split: { trainingFrom: 2026-01-08, evaluationFrom: 2026-01-10, validationUsers: 0.2 }
features:
  ranking:
    predictedCtr: { files: ../runs/early/eval/predictions/ctr.parquet }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 20 }
train: { epochs: 1 }
eval: { bootstrapSamples: 0 }
preprocess: { folder: ${folder}/prepared }
run: { folder: ${folder}/runs }
`;

// Weighted classes, so that the probability is not that of the logit as it is.
const early = `
extends: main.yaml
name: early
split: { trainingFrom: null, evaluationFrom: 2026-01-08 }
features: { ranking: { predictedCtr: null } }
tasks: { ctr: { classWeights: [1, 3] } }
train: { tasks: [ctr] }
`;

async function json(config: string, command: string) {
  const output = await runMain([command, '-c', join(folder, config), '--json']);
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  return { ...JSON.parse(output.stdout), log: output.stderr };
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(sql);
  connection.closeSync();
  instance.closeSync();
  return reader.getRowObjects();
}

/** The samples of a task in a prepared folder, with who was asked what and when. */
const samplesOf = (name: string, task: string) =>
  query(`SELECT s.sample, r.split, concat_ws(' ', r.user_id, epoch_us(r."time"), s.candidate) AS key
    FROM '${folder}/prepared/${name}/samples/${task}/samples.parquet' s
    JOIN '${folder}/prepared/${name}/requests/requests.parquet' r USING (request) ORDER BY sample`);

const add = (values: Map<string, number[]>, key: string, value: number) =>
  values.set(key, [...(values.get(key) ?? []), value]);

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** User, time and item -> probabilities, by the weights of the early run: the logits that come out of its batches. */
async function scoredByModel(): Promise<Map<string, number[]>> {
  const config = await loadConfig(join(folder, 'early.yaml'));
  const keys = await samplesOf('early', 'ctr');
  const { weights } = await loadCheckpoint(join(folder, 'runs/early/checkpoints/best'), null);
  const source = new BatchSource(join(folder, 'prepared/early'));
  const found = new Map<string, number[]>();
  try {
    for await (const batch of source.batches(planFor(config, 'evaluation', null))) {
      const { sample } = batch.tasks.ctr!;
      for (const [i, logit] of (scoreBatch(weights, batch).ctr ?? []).entries()) {
        // The odds of a click counted three times in training.
        const odds = Math.exp(logit) / 3;
        add(found, String(keys[sample[i]!]!.key), odds / (1 + odds));
      }
    }
  } finally {
    weights.dispose();
    await source.close();
  }
  return found;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-predicted-'));
  const log = ['--out', join(folder, 'log'), '--users', '80', '--days', '6'];
  expect((await runMain(['generate', ...log, '--json'])).code).toBe(0);
  await writeFile(join(folder, 'main.yaml'), main());
  await writeFile(join(folder, 'early.yaml'), early);
});

describe.sequential('the predicted CTR of an earlier run', () => {
  it('is missed where that run has not been evaluated', async () => {
    const output = await runMain(['preprocess', '-c', join(folder, 'main.yaml'), '--log-level', 'silent']);
    expect(output.code).toBe(2);
    const file = join(folder, 'runs/early/eval/predictions/ctr.parquet');
    expect(output.stderr).toContain(`Cannot read the table \`predictedCtr\`: there is no file ${file}`);
  });

  it('is left by eval as a file of each task', async () => {
    await json('early.yaml', 'preprocess');
    await json('early.yaml', 'train');
    const { predictions, tasks } = await json('early.yaml', 'eval');
    expect(predictions).toBe(join(folder, 'runs/early/eval/predictions'));
    const [{ rows, likely }] = (await query(
      `SELECT count(*) AS rows, avg(prediction) AS likely FROM '${predictions}/*.parquet'`,
    )) as [{ rows: bigint; likely: number }];
    expect(Number(rows)).toBe(tasks.ctr.samples);
    const [negatives, positives] = tasks.ctr.labels;
    expect(likely / (positives / (negatives + positives))).toBeCloseTo(1, 0);
  });

  it('becomes a feature of what is ranked: the mean of its predictions by user, time and item', async () => {
    const { tasks, rows, log } = await json('main.yaml', 'preprocess');
    expect(rows.predictedCtr.rejected).toBe(0);
    expect(log).toMatch(
      /l2r: (\d+) of \1 training, (\d+) of \2 validation, (\d+) of \3 evaluation samples have a predicted CTR"/,
    );
    const { features } = tasks.l2r as Manifest['tasks'][string];
    const at = features.findIndex(({ name }) => name === 'predicted_ctr');
    expect(at).toBe(features.length - 1);
    const { mean: average, deviation } = features[at]!;
    const bytes = await readFile(join(folder, 'prepared/main/samples/l2r/features.f32'));
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

    const inFile = new Map<string, number[]>();
    for (const { key, prediction } of await query(
      `SELECT concat_ws(' ', user_id, epoch_us("time"), candidate) AS key, prediction
       FROM '${folder}/runs/early/eval/predictions/ctr.parquet'`,
    )) {
      add(inFile, String(key), Number(prediction));
    }
    const byModel = await scoredByModel();
    const samples = await samplesOf('main', 'l2r');
    expect(new Set(samples.map(({ split }) => split)).size).toBe(3);
    for (const [sample, { key }] of samples.entries()) {
      const feature = values[sample * features.length + at]! * deviation + average;
      expect(feature).toBeCloseTo(mean(inFile.get(String(key))!), 5);
      expect(feature).toBeCloseTo(mean(byModel.get(String(key))!), 5);
    }
    expect(deviation).toBeGreaterThan(0.001);
  });

  it('is weighed by the model that ranks, and asks for a new preprocess when it has changed', async () => {
    await json('main.yaml', 'train');
    const { metrics } = await json('main.yaml', 'eval');
    expect(metrics['auc[l2r]']).toBeGreaterThan(0.4);
    const refusal = async (...rest: string[]) => {
      const main = ['-c', join(folder, 'main.yaml'), '--force', '--log-level', 'silent'];
      const { code, stderr } = await runMain(['train', ...main, ...rest]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refusal('--set', 'features.ranking.predictedCtr.prediction=label')).toContain(
      'features.ranking.predictedCtr.prediction: was "prediction", now "label"',
    );
    const file = join(folder, 'runs/early/eval/predictions/ctr.parquet');
    await writeFile(file, 'other predictions');
    expect(await refusal()).toContain(`${file} has changed since it was prepared`);
  });
});
