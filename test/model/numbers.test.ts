/** Numbers of items and of entities: units of e and of a candidate's vector that nothing learns. */
import { expect, test } from 'vitest';
import type { Batch } from '../../src/dataset/batch.js';
import { tf } from '../../src/engine/tf.js';
import { countParameters, parameterSpecs } from '../../src/model/parameters.js';
import { scoreBatch } from '../../src/model/score.js';
import { itemUnits, type ModelShape, stateUnits } from '../../src/model/shape.js';
import { emptyWeights, initialWeights } from '../../src/model/weights.js';
import { computeGradients } from '../../src/training/gradients.js';
import { numberedShape, randomBatch, smallShape } from './random-batch.js';

const batch = randomBatch([4, 0, 2, 3]);
const sizesOf = (shape: ModelShape) =>
  Object.fromEntries(parameterSpecs(shape).map((spec) => [spec.name, spec.shape]));

test('each number is one unit of e, after the embeddings', () => {
  expect([itemUnits(smallShape), itemUnits(numberedShape)]).toEqual([9, 11]);
  const sizes = sizesOf(numberedShape);
  expect(sizes['lstm/item']).toEqual([11, 4 * 6]);
  expect(sizes['attention/candidate']).toEqual([11, 4]);
  expect(sizes['candidate/item/kernel']).toEqual([11, 7]);
  // e and p are the state of the baseline.
  const mean: ModelShape = { ...numberedShape, encoder: 'mean' };
  expect(stateUnits(mean)).toBe(11 + 5);
  expect(sizesOf(mean)['representation/empty']).toEqual([16]);
  expect(countParameters(numberedShape).tables).toBe(countParameters(smallShape).tables);
});

/** A logit is made of the candidate's vector alone, one unit, with these weights of its numbers and bias. */
function fromCandidate(shape: ModelShape, candidate: string, kernel: readonly number[], bias: number) {
  const weights = emptyWeights(shape);
  const assign = (name: string, values: readonly number[]) =>
    tf.tidy(() => {
      const variable = weights.dense.get(name)!;
      variable.assign(tf.tensor([...values], [...variable.shape]));
    });
  assign(`candidate/${candidate}/kernel`, kernel);
  assign(`candidate/${candidate}/bias`, [bias]);
  const tower = weights.dense.get('tasks/ctr/0/kernel')!.shape[0]!;
  assign(
    'tasks/ctr/0/kernel',
    Array.from({ length: tower }, (_, unit) => Number(unit === tower - 1)),
  );
  return weights;
}

const judging = (candidate: string): ModelShape['tasks'] => ({
  ctr: { ...smallShape.tasks.ctr!, candidate, layers: [] },
});

test.each(['lstm', 'mean'] as const)(
  'a logit by hand: the numbers of the item that is judged (%s)',
  (encoder) => {
    const shape = { ...numberedShape, encoder, candidateUnits: { item: 1 }, tasks: judging('item') };
    const weights = fromCandidate(shape, 'item', [...new Array<number>(9).fill(0), 2, -3], 0.5);
    const { numbers } = batch.items;
    const { ctr } = scoreBatch(weights, batch);
    const expected = Array.from(
      batch.tasks.ctr!.candidate,
      (item) => 2 * numbers[2 * item]! - 3 * numbers[2 * item + 1]! + 0.5,
    );
    expect([...ctr!]).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(3);
    weights.dispose();
  },
);

test('a logit by hand: the number of an entity', () => {
  const shops = { fields: [smallShape.itemFields[1]!], numbers: [numberedShape.itemNumbers[0]!] };
  const shape = {
    ...smallShape,
    candidateUnits: { shop: 1 },
    entities: { shop: shops },
    tasks: judging('shop'),
  };
  const weights = fromCandidate(shape, 'shop', [0, 0, 0, -4], 1);
  const judged: Batch = {
    ...batch,
    entities: {
      shop: {
        entityRows: Int32Array.of(5, 1, 7),
        fields: { brand: { slots: Int32Array.of(0, 1, 0) } },
        numbers: Float32Array.of(0.25, -1.5, 0),
      },
    },
    tasks: {
      ctr: { ...batch.tasks.ctr!, candidate: batch.tasks.ctr!.candidate.map((item) => item % 3) },
    },
  };
  const { ctr } = scoreBatch(weights, judged);
  expect([...ctr!]).toEqual(Array.from(judged.tasks.ctr!.candidate, (slot) => [0, 7, 1][slot]));
  expect(new Set(ctr).size).toBe(3);
  weights.dispose();
});

test('numbers at 0 change neither a loss nor a gradient, and their weights learn from those that are not', () => {
  const options = { taskWeights: {}, l2: 0, dropout: null };
  const without = initialWeights(smallShape, 1, 1);
  const weights = initialWeights(numberedShape, 1, 1);
  // The same weights, with further rows for the numbers.
  const numberWeights = ['lstm/item', 'attention/candidate', 'candidate/item/kernel'];
  for (const name of numberWeights) {
    tf.tidy(() => {
      const [own, variable] = [without.dense.get(name)!, weights.dense.get(name)!];
      variable.assign(tf.concat([own.read(), tf.ones([2, variable.shape[1]!])]));
    });
  }
  tf.tidy(() => {
    const expected = computeGradients(without, batch, options);
    const missing = { ...batch, items: { ...batch.items, numbers: batch.items.numbers.map(() => 0) } };
    const got = computeGradients(weights, missing, options);
    expect(got.loss.dataSync()[0]).toBeCloseTo(expected.loss.dataSync()[0]!, 6);
    expect(Object.keys(got.tables)).toEqual(Object.keys(expected.tables));
    for (const [name, { gradient }] of Object.entries(expected.tables)) {
      expectClose(got.tables[name]!.gradient.dataSync(), gradient.dataSync(), name);
    }
    expect(Object.keys(got.dense)).toEqual(Object.keys(expected.dense));
    for (const [name, gradient] of Object.entries(expected.dense)) {
      const padding = numberWeights.includes(name) ? 2 * gradient.shape[1]! : 0;
      const wanted = [...gradient.dataSync(), ...new Array<number>(padding).fill(0)];
      expectClose(got.dense[name]!.dataSync(), wanted, name);
    }
    const { dense } = computeGradients(weights, batch, options);
    for (const name of numberWeights) {
      const rows = dense[name]!.slice([9, 0]).dataSync();
      expect(
        rows.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
  });
  without.dispose();
  weights.dispose();
});

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, name: string): void {
  expect(got.length, name).toBe(wanted.length);
  for (let at = 0; at < wanted.length; at++) expect(got[at], name).toBeCloseTo(wanted[at]!, 5);
}

test('a batch of another number of numbers is refused', () => {
  const weights = emptyWeights(numberedShape);
  const lacking = { ...batch, items: { ...batch.items, numbers: new Float32Array(12) } };
  expect(() => scoreBatch(weights, lacking)).toThrow('the batch must have the numbers [12, 2], got 12');
  weights.dispose();
});
