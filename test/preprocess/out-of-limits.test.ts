import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/common/database.js';
import { UserError } from '../../src/common/errors.js';
import { systemProblem } from '../../src/common/system-problem.js';
import { explainLimits } from '../../src/preprocess/out-of-limits.js';
import { runMain } from '../cli/collect-output.js';

let folder: string;
const limits = { folder: 'prepared', memoryLimit: '400MB', threads: 2 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-limits-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SORT = 'CREATE TABLE sorted AS SELECT hash(range)::VARCHAR AS a FROM range(1000000) ORDER BY a';

/** What DuckDB says when it does not get through. */
async function failure(work: string, memoryLimit: string, sql: readonly string[]): Promise<unknown> {
  const { connection, close } = await openDatabase(work, { memoryLimit, threads: 1 });
  try {
    for (const statement of sql) await connection.run(statement);
  } catch (error) {
    return error;
  } finally {
    close();
  }
  throw new Error('DuckDB got through');
}

describe('what DuckDB runs out of', () => {
  it('is memory: the message names the phase and the keys, and what to set', async () => {
    const explained = await explainLimits(await failure(folder, '4MB', [SORT]), {
      phase: 'samples',
      work: folder,
      limits,
    });
    expect(explained).toBeInstanceOf(UserError);
    const lines = (explained as Error).message.split('\n');
    expect(lines[0]).toMatch(
      /^Cannot prepare the data: DuckDB had too little memory in the phase `samples` \(preprocess.memoryLimit 400MB, preprocess.threads 2; Out of Memory Error: .*used\)\)$/,
    );
    expect(lines[1]).toBe(
      '  give it more (--set preprocess.memoryLimit=800MB), or fewer threads (--set preprocess.threads=1), ' +
        'then run the command again; what was prepared before is as it was',
    );
    expect(lines).toHaveLength(2);
  });

  it('is the disk: the message names the folder, what lies there and what else to set', async () => {
    const work = join(folder, 'full');
    await mkdir(work);
    await writeFile(join(work, 'spilled'), Buffer.alloc(20_000_000));
    const error = new Error(
      'Out of Memory Error: failed to offload data block of size 256.0 KiB (9.7 GiB/9.7 GiB used).\nThis limit was set by ...',
    );
    const explained = await explainLimits(error, { phase: 'streams', work, limits });
    expect(explained).toBeInstanceOf(UserError);
    expect((explained as Error).message).toMatch(
      /^Cannot prepare the data: no space is left on the disk in the phase `streams` \(preprocess.memoryLimit 400MB, preprocess.threads 2; 0\.02 GB of working data in .*full, [\d.]+ GB left there; Out of Memory Error: .*\)\n {2}make room there, name a folder on another disk \(preprocess\.folder\), or raise preprocess\.memoryLimit/,
    );
  });

  it('is no business of it where it is anything else', async () => {
    for (const error of [
      new Error('a fault'),
      new UserError('Out of Memory Error: as a user says'),
      'text',
    ]) {
      expect(await explainLimits(error, { phase: 'read', work: folder, limits })).toBe(error);
    }
  });
});

it('a temporary folder that cannot be made is told as a problem of the machine', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  const error = await failure(file, '20MB', [SORT]);
  expect(systemProblem(error)).toMatch(/a part of the path is a file, where a folder is needed \(IO Error: /);
});

it('preprocess with too small a limit ends with 2, and leaves nothing', async () => {
  const settings = [
    'preprocess.memoryLimit=2MB',
    'preprocess.threads=1',
    `preprocess.folder=${join(folder, 'prepared')}`,
  ];
  const { code, stdout, stderr } = await runMain([
    ...['preprocess', '-c', 'configs/quickstart.yaml', '--log-level', 'silent'],
    ...settings.flatMap((setting) => ['--set', setting]),
  ]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(
    /^Cannot prepare the data: DuckDB had too little memory in the phase `read` \(preprocess.memoryLimit 2MB, preprocess.threads 1; Out of Memory Error: .*\n {2}give it more \(--set preprocess.memoryLimit=4MB\), then run the command again/,
  );
});
