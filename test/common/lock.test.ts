import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { acquireLock, lockFolder } from '../../src/common/lock.js';

let path: string;

beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'dupn-lock-')), 'inside', '.lock');
});

describe('a lock', () => {
  it('is held by one at a time and free again once released', async () => {
    const lock = await acquireLock(path, 'the test');
    await expect(acquireLock(path, 'the test')).rejects.toThrow(UserError);
    await expect(acquireLock(path, 'the test')).rejects.toThrow(`process ${process.pid}`);
    await lock.release();
    expect(existsSync(path)).toBe(false);
    await (await acquireLock(path, 'the test')).release();
  });

  it('is not kept by a process that was killed', async () => {
    const code = `import('${new URL('../../dist/common/lock.js', import.meta.url).href}')
      .then((m) => m.acquireLock(process.argv[1], 'the test')).then(() => { console.log('held'); setInterval(() => {}, 1000); })`;
    const child = spawn(process.execPath, ['-e', code, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await expect(acquireLock(path, 'the test')).rejects.toThrow(`process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await acquireLock(path, 'the test')).release();
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('is released by a process that %s ends', async (signal) => {
    const code = `import('${new URL('../../dist/common/lock.js', import.meta.url).href}')
      .then((m) => m.acquireLock(process.argv[1], 'the test')).then(() => { console.log('held'); setInterval(() => {}, 1000); })`;
    const child = spawn(process.execPath, ['-e', code, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    expect(existsSync(path)).toBe(true);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([null, signal]);
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it('names what it is the lock of', async () => {
    const run = join(path, '../run');
    const lock = await lockFolder(run, 'the run');
    await expect(lockFolder(run, 'the run')).rejects.toThrow(
      `Cannot use the run in ${run}: no other process may work in it, got process ${process.pid} on `,
    );
    await lock.release();
  });

  it('leaves nothing of processes that died while they made it', async () => {
    await (await acquireLock(path, 'the test')).release();
    const left = (name: string, holder: object) => writeFile(`${path}.${name}.new`, JSON.stringify(holder));
    const dead = { host: hostname(), started: null, id: 'x' };
    await left('dead', { ...dead, pid: 2 ** 22 });
    await left('living', { ...dead, pid: process.pid });
    await left('elsewhere', { ...dead, host: 'elsewhere', pid: 2 ** 22 });
    await (await acquireLock(path, 'the test')).release();
    expect((await readdir(join(path, '..'))).sort()).toEqual(['.lock.elsewhere.new', '.lock.living.new']);
  });

  it.runIf(process.platform === 'linux')('is not kept by a later process of the same id', async () => {
    const lock = await acquireLock(path, 'the test');
    const holder = JSON.parse(await readFile(path, 'utf8'));
    expect(holder.started).toMatch(/^\d+$/);
    await writeFile(path, JSON.stringify({ ...holder, started: '1' }));
    await (await acquireLock(path, 'the test')).release();
    await lock.release();
  });

  it('is kept by a process on another machine, which cannot be asked', async () => {
    await (await acquireLock(path, 'the test')).release();
    await writeFile(path, JSON.stringify({ pid: 1, host: 'elsewhere', started: null }));
    await expect(acquireLock(path, 'the test')).rejects.toThrow(
      /process 1 on elsewhere \(delete .*\.lock if that one is gone\)/,
    );
  });

  it('is not kept by a file that was cut short', async () => {
    await (await acquireLock(path, 'the test')).release();
    await writeFile(path, '{"pid":');
    await (await acquireLock(path, 'the test')).release();
  });

  it('has one holder, however many processes find a dead one at once', async () => {
    await (await acquireLock(path, 'the test')).release();
    // Each takes it over, looks whether it is alone, and leaves it as a process that died does.
    const code = `import { renameSync, rmSync, writeFileSync } from 'node:fs';
      import { acquireLock } from '${new URL('../../dist/common/lock.js', import.meta.url).href}';
      const path = process.argv[1];
      const dead = { pid: 2 ** 22, host: ${JSON.stringify(hostname())}, started: '1' };
      let [held, shared] = [0, 0];
      for (const until = performance.now() + 1500; performance.now() < until; ) {
        if (!(await acquireLock(path, 'the test').catch(() => null))) continue;
        held++;
        try { writeFileSync(path + '.inside', '', { flag: 'wx' }); } catch { shared++; }
        await new Promise((done) => setTimeout(done, 1));
        rmSync(path + '.inside', { force: true });
        writeFileSync(path + process.pid, JSON.stringify({ ...dead, id: String(Math.random()) }));
        renameSync(path + process.pid, path);
      }
      console.log(JSON.stringify({ held, shared }));`;
    const counts = await Promise.all(
      [1, 2, 3].map(async () => {
        const args = ['--input-type=module', '-e', code, path];
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
        const [output] = await once(child.stdout, 'data');
        return JSON.parse(String(output)) as { held: number; shared: number };
      }),
    );
    expect(counts.reduce((sum, { held }) => sum + held, 0)).toBeGreaterThan(20);
    expect(counts.map(({ shared }) => shared)).toEqual([0, 0, 0]);
  });

  it('is released by its holder alone', async () => {
    const lock = await acquireLock(path, 'the test');
    await writeFile(path, JSON.stringify({ pid: 1, host: 'elsewhere', started: null, id: 'other' }));
    await lock.release();
    expect(existsSync(path)).toBe(true);
  });
});
