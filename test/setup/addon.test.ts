import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startSetup } from './node-process.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const check = (env: NodeJS.ProcessEnv) =>
  startSetup('addon.js', `await setup.checkAddonRequirements(${JSON.stringify(root)});`, {
    env: { ...process.env, XDG_CACHE_HOME: mkdtempSync(join(tmpdir(), 'dupn-setup-')), ...env },
  }).ended;

test('without a compiler the message says what to install', async () => {
  const { code, output } = await check({ PATH: '/nowhere', CXX: '' });
  expect(code).toBe(1);
  expect(output).toMatch(/Cannot find g\+\+\. .*apt install g\+\+/);
});

test('the compiler may be named, with options', async () => {
  expect(await check({ CXX: 'g++ -m64' })).toMatchObject({ code: 0 });
  expect((await check({ CXX: 'no-such-compiler' })).output).toContain('Cannot find no-such-compiler.');
});
