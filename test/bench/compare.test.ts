import { describe, expect, test } from 'vitest';

const { medianSpeed, ratioOf, takeTurns } = await import(
  new URL('../../bench/compare.js', import.meta.url).href
);

interface Slice {
  readonly side: string;
  readonly speed: number;
  readonly disturbed?: boolean;
}

const speed = (slice: Slice) => slice.speed;
const slices = (...all: readonly [string, number, boolean?][]): Slice[] =>
  all.map(([side, value, disturbed = false]) => ({ side, speed: value, disturbed }));

test('each slice of a peer lies between two of ours', async () => {
  const side = (name: string) => ({ name, ask: async () => ({}) });
  const taken = await takeTurns(side('ours'), [side('a'), side('b')], { rounds: 2, repeats: 0 }, {});
  const names = taken.map((slice: Slice) => slice.side);
  expect(names).toEqual(['ours', 'a', 'ours', 'b', 'ours', 'a', 'ours', 'b', 'ours']);
});

test('no more slices are repeated than may be', async () => {
  let asked = 0;
  const side = { name: 'ours', ask: async () => ({ call: ++asked, disturbed: true }) };
  // What the side answers is overruled by the gauge, so a repetition depends on the machine: at most three calls are made.
  const [slice] = await takeTurns(side, [], { rounds: 0, repeats: 2 }, {});
  expect(slice.call).toBe(asked);
  expect(asked).toBeLessThanOrEqual(3);
});

describe('the ratio of two sides', () => {
  test('is the median over neighbours, whichever came first', () => {
    const taken = slices(
      ['ours', 10],
      ['a', 5],
      ['ours', 20],
      ['b', 1],
      ['ours', 30],
      ['a', 3],
      ['ours', 12],
    );
    expect(ratioOf(taken, 'ours', 'a', speed)).toEqual({
      ...{ median: 4, lowest: 2, highest: 10, pairs: 4, disturbed: false },
    });
    expect(ratioOf(taken, 'ours', 'b', speed)).toMatchObject({ median: 25, pairs: 2 });
  });

  test('leaves out pairs with a disturbed slice where enough are left', () => {
    const quiet = slices(['ours', 10], ['a', 5], ['ours', 10], ['a', 5], ['ours', 10]);
    const taken = [...quiet, ...slices(['a', 1, true], ['ours', 10])];
    expect(ratioOf(taken, 'ours', 'a', speed)).toMatchObject({ highest: 2, pairs: 4, disturbed: false });
  });

  test('takes all pairs, and says so, where too few are quiet', () => {
    const taken = slices(['ours', 10], ['a', 5], ['ours', 10, true], ['a', 2], ['ours', 10, true]);
    expect(ratioOf(taken, 'ours', 'a', speed)).toMatchObject({ median: 3.5, pairs: 4, disturbed: true });
  });
});

test('the speed of a side is the median of its quiet slices, or of all where there is none', () => {
  const taken = slices(['a', 5], ['a', 1, true], ['a', 7], ['b', 2, true], ['b', 4, true]);
  expect(medianSpeed(taken, 'a', speed)).toBe(6);
  expect(medianSpeed(taken, 'b', speed)).toBe(3);
});
