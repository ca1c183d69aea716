import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { setupFolder, start } from './node-process.js';

let project: string;

/** A clone in small: setup/ and one package, which lies in a folder so that npm needs no registry. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'dupn-setup-'));
  cpSync(setupFolder, join(project, 'setup'), { recursive: true });
  mkdirSync(join(project, 'dependency'));
  writeJson('dependency/package.json', { name: 'dependency', version: '1.0.0' });
  writeJson('package.json', {
    name: 'clone',
    version: '1.0.0',
    type: 'module',
    dependencies: { dependency: 'file:./dependency' },
  });
  writeJson('package-lock.json', {
    name: 'clone',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'clone', version: '1.0.0', dependencies: { dependency: 'file:./dependency' } },
      dependency: { version: '1.0.0' },
      'node_modules/dependency': { resolved: 'dependency', link: true },
    },
  });
});

function writeJson(path: string, content: object) {
  writeFileSync(join(project, path), `${JSON.stringify(content, null, 2)}\n`);
}

const setUp = (env: NodeJS.ProcessEnv = {}) =>
  start([join(project, 'setup', 'main.js'), '--modules-only'], {
    cwd: project,
    env: { ...process.env, npm_config_update_notifier: 'false', ...env },
  });

test('packages are installed once, and again when the lockfile changed or they are gone', async () => {
  const first = await setUp().ended;
  expect(first).toMatchObject({ code: 0, output: expect.stringContaining('installing the npm packages') });
  expect(existsSync(join(project, 'node_modules/dependency/package.json'))).toBe(true);
  expect((await setUp().ended).output).toContain('nothing to do');

  writeFileSync(
    join(project, 'package-lock.json'),
    readFileSync(join(project, 'package-lock.json'), 'utf8').replace('\n}\n', '\n}\n\n'),
  );
  expect((await setUp().ended).output).toContain('installing the npm packages');
  expect((await setUp().ended).output).toContain('nothing to do');

  rmSync(join(project, 'node_modules'), { recursive: true });
  expect((await setUp().ended).output).toContain('installing the npm packages');
});

test('of two at once one installs and the other waits', async () => {
  const ended = await Promise.all([setUp().ended, setUp().ended]);
  expect(ended.map(({ code }) => code)).toEqual([0, 0]);
  const all = ended.map(({ output }) => output).join();
  expect(all.match(/installing the npm packages/g)).toHaveLength(1);
});

test.each([50, 300, 800])('killed after %i ms, the next one ends well', async (killMs) => {
  const killed = setUp();
  await sleep(killMs);
  killed.kill('SIGKILL');
  await killed.ended;
  expect(await setUp().ended).toMatchObject({ code: 0 });
  expect(existsSync(join(project, 'node_modules/dependency/package.json'))).toBe(true);
  expect(existsSync(join(project, '.setup.lock'))).toBe(false);
});

test('a lockfile that is not in step is named as the cause', async () => {
  mkdirSync(join(project, 'other'));
  writeJson('other/package.json', { name: 'other', version: '1.0.0' });
  writeJson('package.json', { name: 'clone', type: 'module', dependencies: { other: 'file:./other' } });
  const { code, output } = await setUp().ended;
  expect(code).toBe(1);
  expect(output).toMatch(
    /Setup stopped: npm ended with 1\. package-lock\.json is not complete or not in step/,
  );
  expect(existsSync(join(project, 'node_modules/.dupn-modules'))).toBe(false);
});

test('a registry that cannot be reached is named as the cause', async () => {
  const lockfile = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
  lockfile.packages[''].dependencies.absent = '1.0.0';
  lockfile.packages['node_modules/absent'] = { version: '1.0.0' };
  writeJson('package-lock.json', lockfile);
  const dependencies = { dependency: 'file:./dependency', absent: '1.0.0' };
  writeJson('package.json', { name: 'clone', version: '1.0.0', type: 'module', dependencies });
  const { code, output } = await setUp({
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_fetch_retries: '0',
    npm_config_cache: join(project, 'npm-cache'),
  }).ended;
  expect(code).toBe(1);
  expect(output).toMatch(/The registry cannot be reached: check the network/);
});

test('without npm the message says where it comes from', async () => {
  const { code, output } = await setUp({ PATH: project }).ended;
  expect(code).toBe(1);
  expect(output).toContain('Setup stopped: Cannot find npm. Install npm (it comes with Node.js).');
});
