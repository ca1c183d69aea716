import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { aucOfSorted, GroupAreas } from '../../../src/evaluation/metrics/auc.js';
import { auc } from '../auc-of.js';
import { aucByPairs } from '../definitions.js';
import { randomSamples, rowsOf } from '../random-samples.js';

const of = (scores: number[], labels: number[], weights = scores.map(() => 1)) =>
  auc({
    scores: Float32Array.from(scores),
    labels: Float32Array.from(labels),
    weights: Float32Array.from(weights),
  });

test('AUC equals the share of pairs in the right order, with ties and weights', () => {
  const sample = fc.tuple(
    fc.constantFrom(-Infinity, -1.5, -0, 0, 1e-30, 2, Infinity),
    fc.integer({ min: 0, max: 1 }),
    fc.integer({ min: 0, max: 3 }),
  );
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 40 }), (samples) => {
      const rows = samples.map(([score, label, weight]) => ({ score, label, weight }));
      const expected = aucByPairs(rows);
      const got = of(
        rows.map(({ score }) => score),
        rows.map(({ label }) => label),
        rows.map(({ weight }) => weight),
      );
      if (expected === null) expect(got).toBeNull();
      else expect(got).toBeCloseTo(expected, 12);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('AUC of one class, of nothing and of a perfect order', () => {
  expect(of([1, 2], [1, 1])).toBeNull();
  expect(of([1, 2], [0, 0])).toBeNull();
  expect(of([], [])).toBeNull();
  expect(of([1, 2], [0, 1], [0, 1])).toBeNull();
  expect(of([1, 2, 3], [0, 1, 1])).toBe(1);
  expect(of([3, 2, 1], [0, 1, 1])).toBe(0);
  expect(of([1, 1, 1], [0, 1, 0])).toBe(0.5);
  expect(of([-0, 0], [0, 1])).toBe(0.5);
});

test('weights count like repeated samples', () => {
  const rows = rowsOf(randomSamples(40, 1)).map((row, at) => ({ ...row, weight: at % 4 }));
  const apart = rows.flatMap((row) => new Array<typeof row>(row.weight).fill({ ...row, weight: 1 }));
  const ofRows = (samples: typeof rows) =>
    of(
      samples.map(({ score }) => score),
      samples.map(({ label }) => label),
      samples.map(({ weight }) => weight),
    );
  expect(ofRows(rows)).toBeCloseTo(ofRows(apart)!, 12);
});

test('AUC of many samples is exact to the last pair', () => {
  const count = 300_000;
  const half = count / 2;
  const columns = {
    scores: Float32Array.from({ length: count }, (_, i) => (i * 7919) % count),
    labels: Float32Array.from({ length: count }, (_, i) => ((i * 7919) % count < half ? 0 : 1)),
    weights: new Float32Array(count).fill(1),
  };
  expect(auc(columns)).toBe(1);
  // The best negative and the worst positive change places: one pair of them all is wrong.
  const swapped = columns.scores.map((s) => (s === half ? half - 1 : s === half - 1 ? half : s));
  expect(auc({ ...columns, scores: swapped })).toBe(1 - 1 / (half * half));
});

test('samples that are sorted already are taken as they are', () => {
  const list = {
    scores: Float32Array.of(1, 2, 2, 3),
    labels: Float32Array.of(0, 1, 0, 1),
    weights: Float32Array.of(1, 2, 1, 1),
  };
  // Pairs: (2, 1) and (2, 2) tied of weight 2 each, (3, 1) and (3, 2) of weight 1.
  expect(aucOfSorted(list)).toBe((2 + 1 + 1 + 1) / 6);
});

test.each([1, 2, 40])('the areas of %d groups that come mixed are those of each by itself', (groups) => {
  for (let seed = 0; seed < 10; seed++) {
    const random = createRandom('groups', groups, seed);
    const rows = rowsOf(randomSamples(groups * 8, seed)).map((row) => ({
      ...row,
      group: random.integer(groups),
    }));
    const areas = new GroupAreas(groups + 1);
    for (const { group, score, label, weight } of [...rows].sort((a, b) => a.score - b.score || 0)) {
      areas.add(group, score, label === 1, weight);
    }
    for (let group = 0; group < groups; group++) {
      const expected = aucByPairs(rows.filter((row) => row.group === group));
      if (expected === null) expect(areas.area(group)).toBeNull();
      else expect(areas.area(group)).toBeCloseTo(expected, 12);
      // Asking does not change what is asked for.
      expect(areas.area(group)).toBe(areas.area(group));
    }
    expect(areas.area(groups)).toBeNull();
  }
});
