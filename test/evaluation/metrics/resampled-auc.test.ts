import { expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { ResampledAreas } from '../../../src/evaluation/metrics/resampled-auc.js';
import { aucByPairs } from '../definitions.js';
import { randomSamples, rowsOf } from '../random-samples.js';

const USERS = 9;

test.each([
  [1, 1],
  [7, 1],
  [7, 5],
  [64, 3],
])('in %d resamples the areas of %d groups are those of the samples written out', (width, groups) => {
  for (let seed = 0; seed < 8; seed++) {
    const random = createRandom('resampled', width, groups, seed);
    const rows = rowsOf(randomSamples(60 * groups, seed))
      .map((row) => ({ ...row, group: random.integer(groups), user: random.integer(USERS) }))
      .sort((a, b) => a.score - b.score || 0);
    const counts = Uint8Array.from({ length: USERS * width }, () => random.integer(4));
    const areas = new ResampledAreas(groups, counts, width);
    for (const { group, score, label, weight, user } of rows)
      areas.add(group, score, label === 1, weight, user);
    for (let group = 0; group < groups; group++) {
      const got = areas.areas(group);
      expect(got).toHaveLength(width);
      for (let at = 0; at < width; at++) {
        const drawn = rows
          .filter((row) => row.group === group)
          .flatMap((row) => new Array<typeof row>(counts[row.user * width + at]!).fill(row));
        expect(got[at]).toBeCloseTo(aucByPairs(drawn) ?? Number.NaN, 12);
      }
      expect(areas.areas(group)).toEqual(got);
    }
  }
});

test('a resample without positives has no area, and a group without samples has none at all', () => {
  const counts = Uint8Array.of(0, 1, 1, 1);
  const areas = new ResampledAreas(2, counts, 2);
  areas.add(0, 1, false, 1, 1);
  areas.add(0, 2, true, 1, 0);
  expect([...areas.areas(0)]).toEqual([Number.NaN, 1]);
  expect([...areas.areas(1)]).toEqual([Number.NaN, Number.NaN]);
});
