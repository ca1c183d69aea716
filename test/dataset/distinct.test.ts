import { expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { createRandom } from '../../src/common/random.js';
import { Distinct } from '../../src/dataset/distinct.js';

it.each([
  ['afresh after each clear', 2 ** 31 - 1],
  ['also when it has to wipe its memory between', 12_000],
])('numbers values in the order in which they are first met, %s', (_, lastNumber) => {
  const range = 5000;
  const distinct = new Distinct(range, 'row', lastNumber);
  const { uniform } = createRandom(3);
  for (let round = 0; round < 20; round++) {
    distinct.clear();
    const met = new Map<number, number>();
    const slots: number[] = [];
    const expected: number[] = [];
    for (let i = 0; i < 4000; i++) {
      const value = Math.floor(uniform() * range);
      if (!met.has(value)) met.set(value, met.size);
      slots.push(distinct.slot(value));
      expected.push(met.get(value)!);
    }
    expect(slots).toEqual(expected);
    expect(distinct.size).toBe(met.size);
    expect([...distinct.values()]).toEqual([...met.keys()]);
  }
});

it.each([-1, 10, 2 ** 31, Number.NaN])('refuses %d of a range of 10', (value) => {
  const distinct = new Distinct(10, 'item row');
  expect(() => distinct.slot(value)).toThrow(UserError);
  expect(() => distinct.slot(value)).toThrow(`Cannot use item row ${value}: 0 to 9`);
});
