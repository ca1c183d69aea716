import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { newRows, type SampleRows } from '../../../src/evaluation/scores/sample-rows.js';
import { ScoreSorter } from '../../../src/evaluation/scores/score-sorter.js';

interface Row {
  readonly score: number;
  readonly positive: number;
  readonly weight: number;
  readonly user: number;
  readonly codes: readonly number[];
}

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'dupn-sorter-')), 'work');
});

/** Few scores, both zeros and infinities among them; the user is the place, so that every row is another. */
function randomRows(count: number, columns: number, seed: number): Row[] {
  const random = createRandom('sorter', count, columns, seed);
  const some = [-Infinity, -2, -0, 0, 0.5, 1, Infinity];
  return Array.from({ length: count }, (_, user) => ({
    score: random.integer(3) === 0 ? Math.fround(random.normal()) : some[random.integer(some.length)]!,
    positive: random.integer(2),
    weight: random.integer(4) / 2,
    user,
    codes: Array.from({ length: columns }, () => random.integer(256)),
  }));
}

function columnsOf(rows: readonly Row[], columns: number): SampleRows {
  const block = newRows(rows.length, columns);
  for (const [at, { score, positive, weight, user, codes }] of rows.entries()) {
    block.scores[at] = score;
    block.positives[at] = positive;
    block.weights[at] = weight;
    block.users[at] = user;
    block.codes.set(codes, at * columns);
  }
  return block;
}

/** What a pass yields, copied out of the pieces. */
async function passOf(sorter: ScoreSorter, columns: number): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { length, scores, positives, weights, users, codes } of sorter.sorted()) {
    for (let at = 0; at < length; at++) {
      rows.push({
        score: scores[at]!,
        positive: positives[at]!,
        weight: weights[at]!,
        user: users[at]!,
        codes: [...codes.subarray(at * columns, (at + 1) * columns)],
      });
    }
  }
  return rows;
}

/** Adds the rows in pieces of random sizes. */
function addAll(sorter: ScoreSorter, rows: readonly Row[], columns: number, seed: number): void {
  const random = createRandom('pieces', seed);
  for (let start = 0; start < rows.length; ) {
    const end = Math.min(rows.length, start + random.integer(9));
    sorter.add(columnsOf(rows.slice(start, end), columns));
    start = end;
  }
}

const stably = (rows: readonly Row[]) =>
  [...rows].sort((a, b) => (a.score < b.score ? -1 : a.score > b.score ? 1 : 0));

test.each([1, 2, 3, 7, 50, 1000])('runs of %d rows give the order of a stable sort', async (runRows) => {
  for (const blockRows of [1, 2, 3, 7, 64]) {
    for (const count of [0, 1, 2, 3, 7, 49, 50, 51, 120]) {
      const columns = count % 3;
      const rows = randomRows(count, columns, runRows + blockRows);
      const fanIn = 2 + (count % 3);
      const sorter = new ScoreSorter({ folder, name: 'a', columns, runRows, blockRows, fanIn });
      addAll(sorter, rows, columns, count);
      const expected = stably(rows);
      expect(await passOf(sorter, columns)).toEqual(expected);
      expect(await passOf(sorter, columns)).toEqual(expected);
      sorter.close();
    }
  }
  expect(existsSync(folder) ? await readdir(folder) : []).toEqual([]);
});

test('a pass that is not gone through to its end does not change the next', async () => {
  const rows = randomRows(40, 1, 1);
  const sorter = new ScoreSorter({ folder, name: 'a', columns: 1, runRows: 10, blockRows: 4 });
  addAll(sorter, rows, 1, 1);
  for await (const { length } of sorter.sorted()) {
    expect(length).toBe(4);
    break;
  }
  expect(await passOf(sorter, 1)).toEqual(stably(rows));
  sorter.close();
});

test('others have their turn while runs are merged, and between the pieces of a pass', async () => {
  const sorter = new ScoreSorter({ folder, name: 'a', columns: 0, runRows: 10, blockRows: 5 });
  addAll(sorter, randomRows(100, 0, 1), 0, 1);
  let turns = 0;
  let running = true;
  const takeTurns = () => {
    turns++;
    if (running) setImmediate(takeTurns);
  };
  setImmediate(takeTurns);
  const pass = sorter.sorted();
  await pass.next();
  // One at least for each of the 20 blocks that were merged.
  expect(turns).toBeGreaterThanOrEqual(20);
  const merged = turns;
  let pieces = 1;
  for await (const _ of pass) pieces++;
  running = false;
  expect(pieces).toBe(20);
  expect(turns - merged).toBeGreaterThanOrEqual(pieces - 1);
  sorter.close();
});

test('the files of two sorters in one folder are apart, and go when each is closed', async () => {
  const sorters = ['a', 'b'].map((name) => new ScoreSorter({ folder, name, columns: 0, runRows: 4 }));
  const rows = sorters.map((_, at) => randomRows(11, 0, at));
  for (const [at, sorter] of sorters.entries()) addAll(sorter, rows[at]!, 0, at);
  // Two full runs each; the last three rows are in memory.
  expect((await readdir(folder)).sort()).toEqual(['a-0.rows', 'a-1.rows', 'b-0.rows', 'b-1.rows']);
  for (const [at, sorter] of sorters.entries()) expect(await passOf(sorter, 0)).toEqual(stably(rows[at]!));
  expect((await readdir(folder)).sort()).toEqual(['a-3.rows', 'b-3.rows']);
  sorters[0]!.close();
  expect(await readdir(folder)).toEqual(['b-3.rows']);
  sorters[1]!.close();
  expect(await readdir(folder)).toEqual([]);
});

test.each([undefined, 1, 3, 64])(
  'files are as large as their rows, in blocks of %s too',
  async (blockRows) => {
    const columns = 2;
    const rows = randomRows(27, columns, 6);
    const sorter = new ScoreSorter({
      folder,
      name: 'a',
      columns,
      runRows: 10,
      ...(blockRows && { blockRows }),
    });
    sorter.add(columnsOf(rows, columns));
    const sizesOf = async () => (await readdir(folder)).map((name) => statSync(join(folder, name)).size);
    // A row has 13 bytes and one for each column.
    expect(await sizesOf()).toEqual([10 * 15, 10 * 15]);
    expect(await passOf(sorter, columns)).toEqual(stably(rows));
    expect(await sizesOf()).toEqual([27 * 15]);
    sorter.close();
  },
);

test('as many runs as are merged at a time become one', async () => {
  const rows = randomRows(27, 0, 5);
  const sorter = new ScoreSorter({ folder, name: 'a', columns: 0, runRows: 2, fanIn: 3 });
  sorter.add(columnsOf(rows, 0));
  // 13 runs of two: nine of them as one, three as another and one as it is; a row is in memory.
  expect(await readdir(folder)).toHaveLength(3);
  expect(await passOf(sorter, 0)).toEqual(stably(rows));
  sorter.close();
  expect(await readdir(folder)).toEqual([]);
});

test('a sorter that is closed before it sorted leaves no run', async () => {
  const sorter = new ScoreSorter({ folder, name: 'a', columns: 2, runRows: 3 });
  addAll(sorter, randomRows(20, 2, 1), 2, 1);
  expect(await readdir(folder)).not.toEqual([]);
  sorter.close();
  expect(await readdir(folder)).toEqual([]);
});

test('what fits in memory makes no file', async () => {
  const rows = randomRows(50, 2, 3);
  const sorter = new ScoreSorter({ folder, name: 'a', columns: 2, runRows: 50 });
  addAll(sorter, rows, 2, 1);
  expect(await passOf(sorter, 2)).toEqual(stably(rows));
  expect(existsSync(folder)).toBe(false);
  sorter.close();
});

test('rows beyond the first thousand keep their codes when room is made for more', async () => {
  const rows = randomRows(5000, 3, 4);
  const sorter = new ScoreSorter({ folder, name: 'a', columns: 3 });
  sorter.add(columnsOf(rows, 3));
  expect(await passOf(sorter, 3)).toEqual(stably(rows));
  sorter.close();
});

test('a score that is not a number is an error, in memory and in runs', async () => {
  const rows = randomRows(5, 0, 1).map((row, at) => (at === 3 ? { ...row, score: Number.NaN } : row));
  for (const runRows of [2, 100]) {
    const sorter = new ScoreSorter({ folder, name: 'a', columns: 0, runRows });
    const pass = async () => {
      addAll(sorter, rows, 0, 1);
      await passOf(sorter, 0);
    };
    await expect(pass()).rejects.toThrow('is not a number');
    sorter.close();
  }
});
