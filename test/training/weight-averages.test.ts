import { expect, test } from 'vitest';
import { tf } from '../../src/engine/tf.js';
import { initialWeights, type ModelWeights } from '../../src/model/weights.js';
import { Optimizer } from '../../src/training/optimizer.js';
import { type StepOptions, trainStep } from '../../src/training/steps.js';
import { randomBatch, smallShape } from '../model/random-batch.js';

const options: StepOptions = { taskWeights: { ctr: 1, buy: 0.5 }, dropoutRates: {}, l2: 0, seed: 1 };
const rates = { learningRate: 0.01, tableLearningRate: 0.05 };

const numbersOf = (variables: ModelWeights['dense']) =>
  new Map([...variables].map(([name, v]) => [name, v.readRows(0, v.shape[0] ?? 1)]));

test('what is kept are averages of the dense weights over the steps, and the tables as they are', () => {
  const decay = 0.6;
  const weights = initialWeights(smallShape, 1, 1);
  const optimizer = new Optimizer(weights, { ...rates, averageDecay: decay });
  const plain = initialWeights(smallShape, 1, 1);
  const other = new Optimizer(plain, rates);
  expect(other.result).toBe(plain);
  expect([...other.slots.keys()].filter((name) => name.endsWith('/average'))).toEqual([]);

  // By the definition, in double precision.
  const expected = new Map([...numbersOf(weights.dense)].map(([name, values]) => [name, [...values]]));
  const tensors: number[] = [];
  for (let step = 1; step <= 12; step++) {
    for (const [model, its] of [
      [weights, optimizer],
      [plain, other],
    ] as const) {
      trainStep(model, its, randomBatch([4, 0, 2, 3]), step, options);
    }
    const kept = [
      2 / 11,
      3 / 12,
      4 / 13,
      5 / 14,
      6 / 15,
      7 / 16,
      8 / 17,
      9 / 18,
      10 / 19,
      11 / 20,
      12 / 21,
      13 / 22,
    ];
    const rate = 1 - Math.min(decay, kept[step - 1]!);
    for (const [name, values] of numbersOf(weights.dense)) {
      const average = expected.get(name)!;
      values.forEach((value, at) => {
        average[at]! += rate * (value - average[at]!);
      });
    }
    tensors.push(tf.memory().numTensors);
  }
  expect(tensors.at(-1)).toBe(tensors[0]);
  // They are looked at, and change nothing of the training.
  expect(numbersOf(weights.dense)).toEqual(numbersOf(plain.dense));
  expect(numbersOf(weights.tables)).toEqual(numbersOf(plain.tables));
  expect(optimizer.result.tables).toBe(weights.tables);
  expect(optimizer.result.statistics).toBe(weights.statistics);
  let moved = 0;
  for (const [name, average] of numbersOf(optimizer.result.dense)) {
    const weight = weights.dense.get(name)!;
    average.forEach((value, at) => {
      expect(value).toBeCloseTo(expected.get(name)![at]!, 6);
    });
    expect(optimizer.slots.get(`${name}/average`)).toBe(optimizer.result.dense.get(name));
    if (average.some((value, at) => Math.abs(value - weight.readRows(0, weight.shape[0] ?? 1)[at]!) > 1e-4))
      moved++;
  }
  expect(moved).toBeGreaterThan(5);
  for (const owned of [weights, optimizer, plain, other]) owned.dispose();
});

test('a step that is not finite leaves the averages', () => {
  const weights = initialWeights(smallShape, 1, 1);
  const optimizer = new Optimizer(weights, { ...rates, averageDecay: 0.5 });
  trainStep(weights, optimizer, randomBatch([4, 0, 2, 3]), 1, options);
  const before = numbersOf(optimizer.result.dense);
  const broken = { ...options, taskWeights: { ctr: Number.NaN, buy: 1 } };
  expect(trainStep(weights, optimizer, randomBatch([4, 0, 2, 3]), 2, broken).failure).not.toBeNull();
  expect(numbersOf(optimizer.result.dense)).toEqual(before);
  for (const owned of [weights, optimizer]) owned.dispose();
});
