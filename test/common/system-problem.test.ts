import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { writeFileAtomic } from '../../src/common/files.js';
import { systemProblem } from '../../src/common/system-problem.js';

test('what the machine refuses is told with the path and what to do', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'dupn-system-')), 'file');
  await writeFile(file, '');
  const refused = await mkdir(join(file, 'folder')).catch((error: unknown) => error);
  expect(systemProblem(refused)).toBe(
    `Cannot go on: a part of the path is a file, where a folder is needed (${file}/folder)\n` +
      '  name a folder elsewhere, then run the command again (dupn train with --resume); what was whole before is as it was',
  );
});

test('a folder where a file is needed is told too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-system-'));
  const refused = await writeFileAtomic(folder, 'text').catch((error: unknown) => error);
  expect(systemProblem(refused)).toMatch(
    /^Cannot go on: (a folder stands where a file is needed|something else is there already)/,
  );
});

test('so is what DuckDB words in its own way', () => {
  const full = new Error('IO Error: Could not write file "/x/y.parquet": No space left on device');
  expect(systemProblem(full)).toContain(`no space is left on the disk (${full.message})`);
  const small = new Error(
    'Out of Memory Error: could not allocate block of size 256.0 KiB (9.5 MiB/9.5 MiB used)',
  );
  expect(systemProblem(small)).toContain('raise preprocess.memoryLimit');
});

test('so is a lack of memory: that of DuckDB, and that of the machine', () => {
  const limit = new Error(
    'Out of Memory Error: failed to pin block of size 256.0 KiB (4.5 MiB/4.7 MiB used)\n\nmore',
  );
  expect(systemProblem(limit)).toMatch(
    /more memory than it may have \(Out of Memory Error: .* used\)\)\n {2}raise preprocess.memoryLimit/,
  );
  const machine = new Error(
    'Out of Memory Error: Failed to allocate block of 1073741824 bytes (bad allocation)',
  );
  expect(systemProblem(machine)).toContain('this machine has no memory left');
});

test('other errors stay what they are', () => {
  for (const error of [new Error('a fault'), new UserError('a mistake'), 'text', new TypeError('x')]) {
    expect(systemProblem(error)).toBeNull();
  }
});
