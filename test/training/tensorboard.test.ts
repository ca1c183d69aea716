import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type Logger, silentContext } from '../../src/common/context.js';
import { tf } from '../../src/engine/tf.js';
import type { MetricsRecord } from '../../src/training/metrics-file.js';
import { openTensorboard } from '../../src/training/tensorboard.js';
import { readScalars } from './event-file.js';

const { logger } = silentContext;
const train: MetricsRecord = {
  type: 'train',
  ...{ step: 20, epoch: 1, samples: 640, loss: 0.7, 'loss[ctr]': 0.1, gradientNorm: 2 },
};
const validation: MetricsRecord = {
  type: 'validation',
  step: 25,
  epoch: 1,
  'auc[ctr]': 0.5,
  'auc[buy]': null,
};
const curve: MetricsRecord = { type: 'curve', step: 25, samples: 640, seconds: 1.5, auc: 0.25 };
const expected = [
  { tag: 'train/loss', step: 20, value: Math.fround(0.7) },
  { tag: 'train/loss/ctr', step: 20, value: Math.fround(0.1) },
  { tag: 'train/gradientNorm', step: 20, value: 2 },
  { tag: 'validation/auc/ctr', step: 25, value: 0.5 },
  { tag: 'curve/auc', step: 25, value: 0.25 },
];

let folder: string;
let metricsFile: string;
beforeEach(() => {
  const run = mkdtempSync(join(tmpdir(), 'dupn-tensorboard-'));
  folder = join(run, 'tensorboard');
  metricsFile = join(run, 'metrics.jsonl');
});

test('records become scalars that can be read while the run goes on, and nothing of the writer stays', () => {
  const before = tf.memory().numTensors;
  const board = openTensorboard(folder, metricsFile, logger);
  board.add(train);
  expect(readScalars(folder)).toEqual(expected.slice(0, 3));
  board.add(validation);
  board.add(curve);
  board.close();
  expect(readScalars(folder)).toEqual(expected);
  expect(tf.memory().numTensors).toBe(before);
});

test('a session begins with the records that are in metrics.jsonl, and what an earlier one wrote is gone', () => {
  mkdirSync(folder);
  writeFileSync(join(folder, 'events.out.tfevents.0000000001.elsewhere'), 'of another run');
  const interrupted = openTensorboard(folder, metricsFile, logger);
  interrupted.add(train);
  // Beyond the checkpoint: it will come again.
  interrupted.add({ ...train, step: 40 });
  writeFileSync(metricsFile, `${JSON.stringify(train)}\n`);
  const board = openTensorboard(folder, metricsFile, logger);
  expect(readdirSync(folder)).toHaveLength(1);
  board.add(validation);
  board.close();
  interrupted.close();
  expect(readScalars(folder)).toEqual(expected.slice(0, 4));
});

test('what cannot be written is warned of once, and does not end the training', () => {
  const warnings: [object, string][] = [];
  const warn: Logger['warn'] = (fields, message) => warnings.push([fields, message]);
  writeFileSync(metricsFile, '');
  const inFile = join(metricsFile, 'tensorboard');
  const board = openTensorboard(inFile, metricsFile, { ...logger, warn });
  board.add(train);
  board.close();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]![0]).toMatchObject({
    folder: inFile,
    reason: expect.stringMatching(/not a directory/i),
  });
  expect(warnings[0]![1]).toMatch(/^cannot write what TensorBoard shows; training goes on without it/);
});
