import { expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import type { RocPoint } from '../../../src/evaluation/curves.js';
import { Roc } from '../../../src/evaluation/metrics/roc.js';
import { aucByPairs, type Sample, weightOf } from '../definitions.js';

/** Scores of `digits` digits: the fewer, the more ties. */
function randomScores(count: number, digits: number, seed: number): Sample[] {
  const random = createRandom('roc', count, digits, seed);
  return Array.from({ length: count }, () => {
    const label = random.uniform() < 0.3 ? 1 : 0;
    const score = Number((label + 1.5 * random.normal()).toFixed(digits));
    return { score, label, weight: random.integer(4) / 2 };
  });
}

function rocOf(samples: readonly Sample[]): RocPoint[] | null {
  const of = (label: number) => weightOf(samples.filter((sample) => sample.label === label));
  const roc = new Roc({ positives: of(1), negatives: of(0) });
  for (const { score, label, weight } of [...samples].sort((a, b) => a.score - b.score)) {
    roc.add(score, label === 1, weight);
  }
  return roc.finish();
}

/** The point of every threshold: a score that is there, or above all. */
function exactCurve(samples: readonly Sample[]): RocPoint[] {
  const rate = (label: number, threshold: number) => {
    const all = samples.filter((sample) => sample.label === label);
    return weightOf(all.filter(({ score }) => score >= threshold)) / weightOf(all);
  };
  const scores = [...new Set(samples.map(({ score }) => score))].sort((a, b) => b - a);
  return [Infinity, ...scores].map((threshold) => ({
    falsePositiveRate: rate(0, threshold),
    truePositiveRate: rate(1, threshold),
  }));
}

const areaUnder = (points: readonly RocPoint[]) =>
  points.slice(1).reduce((area, { falsePositiveRate, truePositiveRate }, at) => {
    const before = points[at]!;
    const width = falsePositiveRate - before.falsePositiveRate;
    return area + (width * (truePositiveRate + before.truePositiveRate)) / 2;
  }, 0);

const distance = (a: RocPoint, b: RocPoint) =>
  Math.max(
    Math.abs(a.falsePositiveRate - b.falsePositiveRate),
    Math.abs(a.truePositiveRate - b.truePositiveRate),
  );

test.each([
  [30, 1],
  [60, 3],
  [1500, 4],
  [1500, 1],
])('the points of %d samples (%d digits) lie on the exact curve, near each other', (count, digits) => {
  for (let seed = 0; seed < 3; seed++) {
    const samples = randomScores(count, digits, seed);
    const exact = exactCurve(samples);
    expect(areaUnder(exact)).toBeCloseTo(aucByPairs(samples)!, 10);
    const points = rocOf(samples)!;
    expect(points[0]).toEqual({ falsePositiveRate: 0, truePositiveRate: 0 });
    expect(points.at(-1)).toEqual({ falsePositiveRate: 1, truePositiveRate: 1 });
    const nearest = (point: RocPoint) => Math.min(...exact.map((other) => distance(point, other)));
    for (const point of points) expect(nearest(point)).toBeLessThan(1e-12);
    // A group of ties is a step of the exact curve, which no thinning can cut.
    const step = Math.max(...exact.slice(1).map((point, at) => distance(point, exact[at]!)));
    for (const [at, point] of points.slice(1).entries()) {
      const before = points[at]!;
      expect(point.falsePositiveRate).toBeGreaterThanOrEqual(before.falsePositiveRate);
      expect(point.truePositiveRate).toBeGreaterThanOrEqual(before.truePositiveRate);
      expect(distance(point, before)).toBeLessThanOrEqual(1 / 200 + step + 1e-12);
    }
    expect(Math.abs(areaUnder(points) - aucByPairs(samples)!)).toBeLessThan(1 / 200);
    expect(points.length).toBeLessThan(403);
  }
});

test('a curve of few samples has all of its points', () => {
  const samples = randomScores(30, 3, 9).map((sample) => ({ ...sample, weight: 1 }));
  expect(rocOf(samples)).toHaveLength(exactCurve(samples).length);
});

test('without both kinds there is no curve', () => {
  expect(rocOf([])).toBeNull();
  expect(rocOf([{ score: 1, label: 1, weight: 1 }])).toBeNull();
  expect(
    rocOf([
      { score: 1, label: 1, weight: 1 },
      { score: 1, label: 0, weight: 0 },
    ]),
  ).toBeNull();
});
