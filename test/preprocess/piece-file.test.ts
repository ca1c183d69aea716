import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { PieceFile } from '../../src/preprocess/piece-file.js';

it('gives the rows of each piece as they were put in, however many go through its buffer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-pieces-'));
  const path = join(folder, 'rows');
  const random = createRandom(3);
  // The second alone fills its share of the buffer several times; the third has no row.
  const sizes = [10, 400_000, 0, 50_000];
  const order = sizes.flatMap((size, piece) => Array.from({ length: size }, () => piece));
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.integer(at + 1);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  const file = new PieceFile(path, 4, sizes);
  const expected = sizes.map(() => [] as number[]);
  const { doubles, integers } = file.buffer;
  for (const [row, piece] of order.entries()) {
    const at = 4 * file.next(piece);
    doubles[at / 2] = row + 0.5;
    integers[at + 2] = piece;
    integers[at + 3] = -row;
    expected[piece]!.push(row);
  }
  for (const piece of sizes.keys()) {
    const found: number[] = [];
    file.read(piece, (rows, count) => {
      for (let at = 0; at < 4 * count; at += 4) {
        const row = rows.doubles[at / 2]! - 0.5;
        if (rows.integers[at + 2] !== piece || -rows.integers[at + 3]! !== row) found.push(-1);
        found.push(row);
      }
    });
    expect(found).toEqual(expected[piece]);
  }
  file.close();
  expect(existsSync(path)).toBe(false);
  await rm(folder, { recursive: true });
});
