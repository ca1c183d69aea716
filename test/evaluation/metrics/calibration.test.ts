import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import {
  Calibration,
  calibrationErrorByChance,
  expectedCalibrationError,
} from '../../../src/evaluation/metrics/calibration.js';
import { binsOf, chanceOfBins, errorOfBins, type Sample, weightOf } from '../definitions.js';

function calibrationOf(samples: readonly Sample[], bins?: number) {
  const calibration = new Calibration(weightOf(samples), bins);
  for (const { score, label, weight } of [...samples].sort((a, b) => a.score - b.score)) {
    calibration.add(score, label === 1, weight);
  }
  return calibration.finish();
}

const sample = fc.record({
  score: fc.oneof(fc.constantFrom(0, 0.1, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  label: fc.integer({ min: 0, max: 1 }),
  weight: fc.integer({ min: 0, max: 4 }).map((quarters) => quarters / 4),
});

test('bins hold the samples whose predictions have their middle in a tenth of the weight', () => {
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 60 }),
      fc.constantFrom(1, 2, 3, 10, undefined),
      (samples, bins) => {
        const expected = binsOf(samples, bins ?? 10);
        const got = calibrationOf(samples, bins);
        expect(got).toHaveLength(expected.length);
        for (const [at, { samples, weight, predicted, observed, deviation }] of expected.entries()) {
          expect(got[at]).toMatchObject({ samples, weight });
          expect(got[at]!.predicted).toBeCloseTo(predicted, 12);
          expect(got[at]!.observed).toBeCloseTo(observed, 12);
          expect(got[at]!.deviation).toBeCloseTo(deviation, 12);
        }
        const error = errorOfBins(expected);
        if (error === null) expect(expectedCalibrationError(got)).toBeNull();
        else expect(expectedCalibrationError(got)).toBeCloseTo(error, 12);
        const byChance = chanceOfBins(expected);
        if (byChance === null) expect(calibrationErrorByChance(got)).toBeNull();
        else expect(calibrationErrorByChance(got)).toBeCloseTo(byChance, 12);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

test('ten samples of one weight have a bin each, fewer ones too', () => {
  const evenly = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ score: at / count, label: at % 2, weight: 1 }));
  expect(calibrationOf(evenly(10)).map(({ samples }) => samples)).toEqual(new Array(10).fill(1));
  expect(calibrationOf(evenly(3)).map(({ samples }) => samples)).toEqual([1, 1, 1]);
  expect(calibrationOf(evenly(40)).map(({ samples }) => samples)).toEqual(new Array(10).fill(4));
});

test('equal predictions are in one bin, whatever their weight', () => {
  const samples = Array.from({ length: 50 }, (_, at) => ({ score: 0.25, label: at < 20 ? 1 : 0, weight: 1 }));
  const deviation = expect.closeTo(Math.sqrt((0.25 * 0.75) / 50), 12);
  expect(calibrationOf(samples)).toEqual([
    { samples: 50, weight: 50, predicted: 0.25, observed: 0.4, deviation },
  ]);
  expect(expectedCalibrationError(calibrationOf(samples))).toBeCloseTo(0.15, 12);
});

test('without samples, or without weight, there are no bins and no error', () => {
  expect(calibrationOf([])).toEqual([]);
  expect(calibrationOf([{ score: 0.5, label: 1, weight: 0 }])).toEqual([]);
  expect(expectedCalibrationError([])).toBeNull();
  expect(calibrationErrorByChance([])).toBeNull();
});

test.each([
  ['of one weight', () => 1],
  ['of many weights', (at: number) => [0.25, 1, 3][at % 3]!],
])('the error by chance is that of labels drawn from the predictions, samples %s', (_, weightOfSample) => {
  const random = createRandom('by chance');
  const samples = Array.from({ length: 2000 }, (_, at) => ({
    score: 0.02 + 0.6 * random.uniform() ** 2,
    label: 0,
    weight: weightOfSample(at),
  }));
  const draws = 400;
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) {
    const drawn = samples.map((sample) => ({ ...sample, label: random.uniform() < sample.score ? 1 : 0 }));
    sum += expectedCalibrationError(calibrationOf(drawn))!;
  }
  const byChance = calibrationErrorByChance(calibrationOf(samples))!;
  expect(byChance / (sum / draws)).toBeGreaterThan(0.96);
  expect(byChance / (sum / draws)).toBeLessThan(1.04);
});
