import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { startSetup } from './node-process.js';

let folder: string;
let cache: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dupn-setup-'));
  cache = join(folder, 'cache', 'dupn');
});

/** Fetches TensorFlow into a cache of its own, from a folder of wheels alone. */
const fetchTensorflow = (env: NodeJS.ProcessEnv = {}) =>
  startSetup('libtensorflow.js', 'await setup.fetchTensorflow();', {
    env: {
      ...process.env,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      PIP_CONFIG_FILE: '/dev/null',
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: folder,
      ...env,
    },
  });

/** A wheel that has the pinned one's name but not its bytes. */
function writeOtherWheel() {
  const name = 'tensorflow_cpu-2.18.0';
  const program = `
import zipfile
with zipfile.ZipFile('${name}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl', 'w') as wheel:
    wheel.writestr('${name}.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tensorflow-cpu\\nVersion: 2.18.0\\n')
    wheel.writestr('${name}.dist-info/WHEEL', 'Wheel-Version: 1.0\\n')
    wheel.writestr('${name}.dist-info/RECORD', '')
`;
  expect(spawnSync('python3', ['-c', program], { cwd: folder }).status).toBe(0);
}

test('without Python the message says what to install, and nothing half done is left', async () => {
  const { code, output } = await fetchTensorflow({ PATH: folder }).ended;
  expect(code).toBe(1);
  expect(output).toMatch(/Cannot find python3\..*apt install python3 python3-pip/);
  expect(readdirSync(cache)).toEqual([]);
});

test('without pip the message says what to install', async () => {
  const environment = join(folder, 'python');
  spawnSync('python3', ['-m', 'venv', '--without-pip', environment]);
  const { code, output } = await fetchTensorflow({ PATH: join(environment, 'bin') }).ended;
  expect(code).toBe(1);
  expect(output).toContain('pip is missing: install it (on Debian and Ubuntu: apt install python3-pip).');
});

test('an index without the wheel is named as the cause', async () => {
  const { code, output } = await fetchTensorflow().ended;
  expect(code).toBe(1);
  expect(output).toContain('The index that pip uses does not offer this version for Linux x64');
  expect(readdirSync(cache)).toEqual([]);
});

test('an index that cannot be reached is named as the cause', async () => {
  const { code, output } = await fetchTensorflow({
    PIP_NO_INDEX: '0',
    PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
    PIP_RETRIES: '1',
  }).ended;
  expect(code).toBe(1);
  expect(output).toContain('The registry cannot be reached: check the network');
});

test('a wheel of other bytes is refused, and nothing of it is left', async () => {
  writeOtherWheel();
  const { code, output } = await fetchTensorflow().ended;
  expect(code).toBe(1);
  expect(output).toMatch(
    /is not the one that dupn was made with: expected sha256 089e71\w+, got [0-9a-f]{64}\./,
  );
  expect(readdirSync(cache)).toEqual([]);
});

test('what a killed one left half done is removed by the next', async () => {
  mkdirSync(join(cache, 'tensorflow.1234.tmp', 'pip-unpack'), { recursive: true });
  mkdirSync(join(cache, 'other'));
  writeFileSync(join(cache, 'other', 'kept.txt'), '');
  await fetchTensorflow().ended;
  expect(readdirSync(cache)).toEqual(['other']);
});
