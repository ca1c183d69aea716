import { expect, test } from 'vitest';
import { aucByGroup, gauc } from '../../src/evaluation/gauc.js';
import { aucByPairs, pickSamples, randomSamples } from './random-samples.js';

test('GAUC is the weighted mean of the AUC of the groups that have both classes', () => {
  for (let seed = 0; seed < 20; seed++) {
    const samples = randomSamples(60, seed);
    const groups = new Set(samples.requests);
    let sum = 0;
    let total = 0;
    let used = 0;
    for (const group of groups) {
      const members = [...samples.requests.keys()].filter((i) => samples.requests[i] === group);
      const part = pickSamples(samples, members);
      const value = aucByPairs(part);
      if (value === null) continue;
      const weight = part.weights.reduce((a, b) => a + b, 0);
      sum += weight * value;
      total += weight;
      used++;
    }
    const byGroup = aucByGroup(samples, samples.requests);
    expect(gauc(byGroup)).toBeCloseTo(sum / total, 12);
    expect(byGroup.numGroups).toBe(groups.size);
    expect(byGroup.groups).toHaveLength(used);
  }
});

test('GAUC of equal weights is weighted by the number of samples of the groups', () => {
  const samples = {
    scores: Float32Array.of(1, 2, 3, 1, 2, 5, 6),
    labels: Float32Array.of(0, 1, 0, 1, 0, 1, 1),
    weights: new Float32Array(7).fill(1),
  };
  // Group 4: AUC 1/2 of 3 samples; group 2: AUC 0 of 2; group 0 has one class.
  const groups = Int32Array.of(4, 4, 4, 2, 2, 0, 0);
  const byGroup = aucByGroup(samples, groups);
  expect([...byGroup.groups]).toEqual([2, 4]);
  expect([...byGroup.values]).toEqual([0, 0.5]);
  expect(gauc(byGroup)).toBeCloseTo((3 * 0.5) / 5, 12);
});

test('GAUC without a group of both classes is null', () => {
  const samples = {
    scores: Float32Array.of(1, 2),
    labels: Float32Array.of(0, 1),
    weights: Float32Array.of(1, 1),
  };
  expect(gauc(aucByGroup(samples, Int32Array.of(0, 1)))).toBeNull();
  const none = new Float32Array(0);
  expect(gauc(aucByGroup({ scores: none, labels: none, weights: none }, new Int32Array(0)))).toBeNull();
});
