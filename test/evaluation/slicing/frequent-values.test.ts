import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { preparedPaths } from '../../../src/common/prepared.js';
import { type Names, openNames } from '../../../src/dataset/names.js';
import { frequentValues } from '../../../src/evaluation/slicing/frequent-values.js';
import { writeParquet } from '../write-parquet.js';

/** Row 0 is missing, rows 1 to 3 are out of vocabulary, then come the values. */
const BUCKETS = 3;
const FIRST = 1 + BUCKETS;
const ROWS = FIRST + 30;
const field = {
  name: 'tier',
  rows: ROWS,
  buckets: BUCKETS,
  values: 30,
  multiValued: false,
  vocabularyHash: '',
};

let names: Names;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-frequent-'));
  await writeParquet(folder, {
    [preparedPaths.vocabulary('user', 'tier')]: {
      columns: { value: 'VARCHAR', count: 'BIGINT', index: 'INTEGER' },
      rows: [
        ['rare', 1, null],
        ...Array.from({ length: 30 }, (_, at) => [`tier ${FIRST + at}`, 9, FIRST + at]),
      ],
    },
  });
  names = await openNames(folder);
});

afterAll(() => names.close());

/** Names by row of the field, of these counts by row. */
async function slicesOf(counts: Readonly<Record<number, number>>) {
  const all = Float64Array.from({ length: ROWS }, (_, index) => counts[index] ?? 0);
  const { values, codeOf } = await frequentValues(names, 'user', field, all);
  return { values, nameOf: (index: number) => values[codeOf(index)] };
}

test('values come by how many samples have them, equal ones by index, and nothing that none has', async () => {
  const { values, nameOf } = await slicesOf({ 9: 2, 5: 7, 7: 2, 0: 3 });
  expect(values).toEqual(['tier 5', '(missing)', 'tier 7', 'tier 9', '(other)']);
  expect([5, 0, 7, 9].map(nameOf)).toEqual(values.slice(0, 4));
  expect(nameOf(6)).toBe('(other)');
});

test('what is out of vocabulary is one value, counted together', async () => {
  const { values, nameOf } = await slicesOf({ 1: 2, 3: 3, 4: 4, 0: 1 });
  expect(values).toEqual(['(out of vocabulary)', 'tier 4', '(missing)', '(other)']);
  // Row 2 has no sample, and would be out of vocabulary all the same.
  expect([1, 2, 3].map(nameOf)).toEqual([
    '(out of vocabulary)',
    '(out of vocabulary)',
    '(out of vocabulary)',
  ]);
  expect(nameOf(4)).toBe('tier 4');
});

test('the 24 most frequent have a slice each, the others one', async () => {
  const counts = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [FIRST + at, 100 - at]));
  const { values, nameOf } = await slicesOf({ ...counts, 0: 1, 2: 1000 });
  const kept = Array.from({ length: 23 }, (_, at) => `tier ${FIRST + at}`);
  expect(values).toEqual(['(out of vocabulary)', ...kept, '(other)']);
  for (let index = FIRST; index < ROWS; index++) {
    expect(nameOf(index)).toBe(index < FIRST + 23 ? `tier ${index}` : '(other)');
  }
  expect(nameOf(0)).toBe('(other)');
});

test('without samples all is (other)', async () => {
  const { values, nameOf } = await slicesOf({});
  expect(values).toEqual(['(other)']);
  expect([0, 2, 10].map(nameOf)).toEqual(['(other)', '(other)', '(other)']);
});
