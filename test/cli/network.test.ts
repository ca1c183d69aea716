/** What runs asks nobody: every command works without a network, and does not even try one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cases } from '../thorough.js';
import { makeTinyWorld } from '../tiny-world.js';

const bin = fileURLToPath(new URL('../../bin/dupn.js', import.meta.url));

/** Whether a program of this machine runs. */
function runs(...command: [string, ...string[]]): boolean {
  const [program, ...args] = command;
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const hasNoNetwork = runs('unshare', '-rn', 'true');
const hasTrace = hasNoNetwork && runs('strace', '-o', '/dev/null', 'true');

describe.runIf(hasNoNetwork).sequential('without a network', () => {
  let world: string;
  beforeAll(async () => {
    world = await makeTinyWorld(40);
  });
  afterAll(() => rm(world, { recursive: true, force: true }));

  it.each(
    cases<readonly [string, readonly string[]]>(
      [
        ['preprocess', []],
        ['train', []],
        ['export', ['--out', 'bundle']],
      ],
      [
        ['eval', []],
        ['report', ['runs/tiny']],
        ['doctor', []],
      ],
    ),
  )('dupn %s works, and looks for none', async (command, more) => {
    const config = ['report', 'doctor'].includes(command) ? [] : ['-c', join(world, 'base.yaml')];
    const trace = hasTrace
      ? ['strace', '-f', '-e', 'trace=connect,sendto,sendmsg', '-ff', '-o', `${world}/trace.${command}`]
      : [];
    const args = ['-rn', ...trace, process.execPath, bin, command, ...config, ...more];
    const { status, stderr } = spawnSync('unshare', args, { cwd: world, encoding: 'utf8' });
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    const files = (await readdir(world)).filter((name) => name.startsWith(`trace.${command}.`));
    expect(files.length > 0).toBe(hasTrace);
    for (const file of files) {
      expect(await readFile(join(world, file), 'utf8')).not.toMatch(/AF_INET|AF_NETLINK/);
    }
  });
});
