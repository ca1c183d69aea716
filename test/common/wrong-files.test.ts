import { createHash } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { wrongFiles } from '../../src/common/wrong-files.js';

test('each file that is missing, cut short or changed is named, whatever was found before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-wrong-'));
  const bytes = Buffer.alloc(1000, 'abc');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const names = ['a', 'b', 'c', 'd'];
  for (const name of names) await writeFile(join(folder, name), bytes);
  const files = Object.fromEntries(names.map((name) => [name, { bytes: 1000, sha256 }]));
  const wrong = () => wrongFiles(folder, files, silentContext.progress);
  expect(await wrong()).toEqual([]);
  await rm(join(folder, 'a'));
  await truncate(join(folder, 'b'), 999);
  const flipped = Buffer.from(bytes);
  flipped[500]! ^= 8;
  await writeFile(join(folder, 'c'), flipped);
  expect(await wrong()).toEqual([
    'a: it is missing',
    'b: expected 1000 bytes, got 999',
    `c: expected sha256 ${sha256}, got ${createHash('sha256').update(flipped).digest('hex')}`,
  ]);
});
