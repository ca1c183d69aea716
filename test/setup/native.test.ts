import { cpSync, existsSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { startSetup } from './node-process.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

let clone = '';
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'dupn-kernels-'));
  cpSync(join(root, 'native'), join(clone, 'native'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
});

const install = (env: NodeJS.ProcessEnv) =>
  startSetup(
    'native.js',
    `const root = ${JSON.stringify(clone)};
    await setup.installKernels(root);
    console.log('ready: ' + setup.kernelsAreReady(root));`,
    { env: { ...process.env, XDG_CACHE_HOME: join(clone, 'cache'), ...env } },
  ).ended;

test('without a compiler setup goes on, and says what is missed', async () => {
  const { code, output } = await install({ CXX: 'no-such-compiler' });
  expect(code).toBe(0);
  expect(output).toMatch(/no kernels of our own, TensorFlow's are slower: Cannot find no-such-compiler\./);
  expect(output).toContain('ready: false');
});

test.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'kernels are compiled once, and again after a change',
  async () => {
    const compiling = 'compiling our own kernels';
    // What it compiles to is of no matter here, and takes a fraction of the time.
    const CXX = join(clone, 'hasty-g++');
    writeFileSync(CXX, `#!/bin/sh\nexec ${process.env.CXX || 'g++'} "$@" -O0\n`, { mode: 0o755 });
    const first = await install({ CXX });
    expect(first.output).toContain(compiling);
    expect(first.output).toContain('ready: true');
    expect(existsSync(join(clone, 'build', 'kernels.node'))).toBe(true);
    expect((await install({ CXX })).output).not.toContain(compiling);

    writeFileSync(join(clone, 'native', 'vector.h'), '#error "broken"\n');
    const broken = await install({ CXX });
    expect(broken.code).toBe(0);
    expect(broken.output).toContain(compiling);
    expect(broken.output).toMatch(/no kernels of our own, .*g\+\+ ended with 1/);
    expect(broken.output).toContain('ready: false');
    // A library of other sources than those that are here must not run.
    expect(existsSync(join(clone, 'build', 'kernels.node'))).toBe(false);
  },
);
