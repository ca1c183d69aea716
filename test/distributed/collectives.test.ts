/** Collective operations between real processes, against what they are defined as. */
import { beforeAll, expect, test } from 'vitest';
import { paddedLength } from '../../src/distributed/padded-length.js';
import { sumRows } from '../../src/distributed/sum-rows.js';
import { thorough } from '../thorough.js';
import { startMembers } from './start-members.js';

const ranks = (size: number) => Array.from({ length: size }, (_, rank) => rank);

interface Member {
  /** Of each of `BEGINNINGS`, what is wrong with it. */
  readonly begin: readonly (string | null)[];
  readonly collect: Record<string, unknown>;
  readonly exchange: readonly Exchanged[];
  readonly meet: readonly (readonly [unknown, unknown])[];
}

const LENGTH = 1000;

const WISHES = [
  { rank: 0, round: 7, wish: 3 },
  { rank: 2, round: 120, wish: 5 },
];

const BEGINNINGS = [
  ['step 5', 'step 5', 'step 5'],
  ['step 5', 'step 5', 'fresh weights'],
];

/** Three, that do everything. */
let members: Member[];

beforeAll(async () => {
  members = await startMembers<Member>(3, {
    collect: { length: LENGTH },
    exchange: { batches, widths },
    meet: { wishes: WISHES, rounds: 200, meetEvery: 100 },
    begin: { beginnings: BEGINNINGS },
  });
});

function expectCollected(results: readonly Member['collect'][]): void {
  const [size, length] = [results.length, LENGTH];
  const sumOfRanks = (size * (size - 1)) / 2;
  for (const [rank, result] of results.entries()) {
    expect(result).toEqual({
      sum: Array.from({ length }, (_, at) => 1000 * sumOfRanks + size * at),
      doubles: [sumOfRanks, expect.closeTo(1e-12 * sumOfRanks, 20)],
      few: [sumOfRanks, expect.closeTo(1e-12 * sumOfRanks, 20)],
      all: ranks(size).map((other) => [other, 2]),
      parts: ranks(size).map((other) => Array(other % 3).fill(other)),
      texts: ranks(size).map((other) => `我 ${other}`),
      pairs: ranks(size).map((other) => [100 * other + rank, 100 * other + rank]),
      waited: Array(size).fill('true').join(),
      costs: ['waiting for each other', 'test', 'messages'],
    });
  }
}

test('of 3 processes', () => expectCollected(members.map(({ collect }) => collect)));

// Eleven, since TensorFlow lines up task 10 before task 2.
test.runIf(thorough).each([2, 11])('of %d processes', async (size) => {
  const results = await startMembers<Member>(size, { collect: { length: LENGTH } });
  expectCollected(results.map(({ collect }) => collect));
});

interface Exchanged {
  readonly kind: 'replicated' | 'sharded';
  readonly values: Record<string, number[]>;
  readonly summed: Record<string, { indices: number[]; gradient: number[] }>;
  readonly total: number[];
}

const widths = { a: 2, b: 3, c: 1 };
const tables = Object.keys(widths) as (keyof typeof widths)[];

/** What each of three processes asks for, and the gradients that it has. */
const batches = drawBatches();

function drawBatches() {
  let seed = 1;
  const draw = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed % below;
  };
  // The second batch has nothing for one process, the third is of one table alone.
  return [20, 7, 4].map((most, batch) =>
    ranks(3).map((rank) => {
      const count = (table: string) =>
        (batch === 1 && rank === 2) || (batch === 2 && table !== 'a') ? 0 : 1 + draw(most);
      const rows = Object.fromEntries(
        tables.map((table) => [table, [...new Set(Array.from({ length: count(table) }, () => draw(40)))]]),
      ) as Record<keyof typeof widths, number[]>;
      // Table c does not learn.
      const gradients = Object.fromEntries(
        (['a', 'b'] as const).map((table) => [
          table,
          Array.from({ length: rows[table].length * widths[table] }, () => draw(100)),
        ]),
      ) as Record<'a' | 'b', number[]>;
      return { rows, gradients };
    }),
  );
}

test('rows of tables go to those who ask for them, and their gradients to those who hold them', () => {
  const size = 3;
  for (const [rank, { exchange: exchanged }] of members.entries()) {
    for (const [at, { kind, values, summed, total }] of exchanged.entries()) {
      const batch = batches[at % batches.length]!;
      expect(total).toEqual(kind === 'sharded' ? [6, 6] : [rank + 1, 2]);
      if (kind === 'sharded') {
        for (const table of tables) {
          const expected = batch[rank]!.rows[table].flatMap((row) =>
            Array.from({ length: widths[table] }, (_, unit) => 10 * row + unit),
          );
          expect(values[table]).toEqual(expected);
        }
      }
      expect(Object.keys(summed)).toEqual(['a', 'b']);
      for (const table of ['a', 'b'] as const) {
        const sums = new Map<number, number[]>();
        for (const { rows, gradients } of batch) {
          for (const [position, row] of rows[table].entries()) {
            const sum = sums.get(row) ?? Array(widths[table]).fill(0);
            sums.set(
              row,
              sum.map((value, unit) => value + gradients[table][position * widths[table] + unit]!),
            );
          }
        }
        const own = [...sums].filter(([row]) => kind === 'replicated' || row % size === rank);
        const { indices, gradient } = summed[table]!;
        const got = indices.map((place, slot) => [
          kind === 'replicated' ? place : place * size + rank,
          gradient.slice(slot * widths[table], (slot + 1) * widths[table]),
        ]);
        const byRow = (a: readonly unknown[], b: readonly unknown[]) => (a[0] as number) - (b[0] as number);
        expect(got.sort(byRow)).toEqual(own.sort(byRow));
      }
    }
  }
});

test('processes at paces of their own come to a wish after the same round', () => {
  const results = members.map(({ meet }) => meet);
  for (const events of results) expect(events).toEqual(results[0]);
  const came = results[0]!.filter(([round]) => round !== 'together') as [number, number][];
  expect(came.map(([, wish]) => wish)).toEqual([3, 5]);
  for (const [at, [round]] of came.entries()) expect(round).toBeGreaterThanOrEqual([7, 120][at]!);
  expect(results[0]!.filter(([round]) => round === 'together').length).toBe(4);
});

test('a wish that comes on the way to where another one comes true waits for its turn', async () => {
  const wishes = [
    { rank: 0, round: 7, wish: 3 },
    { rank: 1, round: 7, wish: 5, late: true },
  ];
  const met = await startMembers<Pick<Member, 'meet'>>(2, {
    meet: { wishes, rounds: 60, meetEvery: 60, slow: 200 },
  });
  const results = met.map(({ meet }) => meet);
  expect(results[1]).toEqual(results[0]);
  expect(results[0]!.filter(([round]) => round !== 'together').map(([, wish]) => wish)).toEqual([3, 5]);
});

test('who would begin with another checkpoint is named by all', () => {
  for (const { begin } of members) {
    expect(begin).toEqual([
      null,
      expect.stringMatching(/worker 2 \(.*\) would begin with fresh weights, worker 0 \(.*\) with step 5/),
    ]);
  }
});

test('rows that come twice are added up', () => {
  const { indices, gradient } = sumRows(Int32Array.of(5, 2, 5), Float32Array.of(1, 2, 3, 4, 10, 20), 2);
  expect([...indices]).toEqual([5, 2]);
  expect([...gradient]).toEqual([11, 22, 3, 4]);
});

test('padded lengths are few, and an eighth longer at most', () => {
  const lengths = Array.from({ length: 100_001 }, (_, length) => length);
  const isFit = (padded: number, length: number) =>
    padded >= Math.max(1, length) && padded <= Math.max(1, length * 1.125);
  expect(lengths.filter((length) => !isFit(paddedLength(length), length))).toEqual([]);
  expect(new Set(lengths.map(paddedLength)).size).toBeLessThan(16 + 8 * 14);
});
