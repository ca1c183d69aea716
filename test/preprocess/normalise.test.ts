import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { normalise } from '../../src/preprocess/normalise.js';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** The statistics of `known` values, and what all values become. */
async function normalised(known: readonly (number | null)[], others: readonly (number | null)[] = []) {
  const rows = [...known.map((value) => [value, true]), ...others.map((value) => [value, false])];
  const values = rows.map(([value, isKnown], at) => `(${at}, CAST(${value} AS DOUBLE), ${isKnown})`);
  const table = `(VALUES ${values.join(', ')}) t(place, x, known)`;
  const { statistics, sql } = await normalise(
    connection,
    [{ name: 'price', sql: 'x' }],
    `FROM ${table} WHERE known`,
  );
  const reader = await connection.runAndReadAll(`SELECT ${sql[0]} FROM ${table} ORDER BY place`);
  return { ...statistics[0]!, values: reader.getRows().map(([value]) => Number(value)) };
}

test('known values have mean 0 and deviation 1, and a missing one is the mean', async () => {
  const { name, mean, deviation, values } = await normalised([-1, 3, null, 7], [11, null]);
  expect(name).toBe('price');
  expect(mean).toBeCloseTo(3, 10);
  expect(deviation).toBeCloseTo(Math.sqrt(32 / 3), 10);
  for (const [at, expected] of [-4, 0, 0, 4, 8, 0].entries()) {
    expect(values[at]).toBeCloseTo(expected / Math.sqrt(32 / 3), 9);
  }
});

test('an outlier counts as ten deviations', async () => {
  expect((await normalised([0, 2], [1e300, -1e300])).values).toEqual([-1, 1, 10, -10]);
});

test('values that are all the same, or differ by rounding alone, have deviation 1', async () => {
  expect(await normalised([5, 5], [6])).toMatchObject({ mean: 5, deviation: 1, values: [0, 0, 1] });
  expect(await normalised([0.1 + 0.2, 0.3])).toMatchObject({ mean: 0.3, deviation: 1 });
  expect(await normalised([null], [4])).toMatchObject({ mean: 0, deviation: 1, values: [0, 4] });
});

test('values of any size have their statistics', async () => {
  const { mean, deviation, values } = await normalised([1e-300, 3e-300]);
  expect([mean / 2e-300, deviation / 1e-300]).toEqual([expect.closeTo(1, 10), expect.closeTo(1, 10)]);
  expect(values).toEqual([expect.closeTo(-1, 9), expect.closeTo(1, 9)]);
});

test('a range beyond all numbers is refused with its ends', async () => {
  await expect(normalised([-1.7e308, 1.7e308])).rejects.toThrow(
    'Cannot normalise price: expected numbers of a range, got -1.7e+308 to 1.7e+308; does one of them stand for no value?',
  );
});
