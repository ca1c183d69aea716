/** All temporary files of a test run go into one folder, which goes when the run ends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function setup(): Promise<void> {
  process.env.TMPDIR = await mkdtemp(join(tmpdir(), 'dupn-test-'));
}

export async function teardown(): Promise<void> {
  await rm(tmpdir(), { recursive: true, force: true, maxRetries: 3 });
}
