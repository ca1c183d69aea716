import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';

const lockModule = new URL('../../setup/lock.js', import.meta.url).href;
const program = (path: string, body: string) =>
  `import { appendFileSync } from 'node:fs';
   import { setTimeout as sleep } from 'node:timers/promises';
   const { withLock } = await import(${JSON.stringify(lockModule)});
   await withLock(${JSON.stringify(path)}, async () => { ${body} });`;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dupn-setup-'));
});

const runNode = (source: string) => spawn(process.execPath, ['--input-type=module', '-e', source]);
const ended = (child: ReturnType<typeof spawn>) =>
  new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));

test('two at once work one after the other', async () => {
  const log = join(folder, 'log');
  const body = `appendFileSync(${JSON.stringify(log)}, 'in '); await sleep(300); appendFileSync(${JSON.stringify(log)}, 'out ');`;
  const children = [1, 2, 3].map(() => runNode(program(join(folder, 'lock'), body)));
  expect(await Promise.all(children.map(ended))).toEqual([0, 0, 0]);
  expect(readFileSync(log, 'utf8')).toBe('in out in out in out ');
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});

test('the lock of a process that was killed is taken over', async () => {
  const path = join(folder, 'lock');
  const started = join(folder, 'started');
  const holder = runNode(
    program(path, `appendFileSync(${JSON.stringify(started)}, ''); await sleep(60_000);`),
  );
  while (!existsSync(started)) await new Promise((resolve) => setTimeout(resolve, 20));
  holder.kill('SIGKILL');
  await ended(holder);
  expect(existsSync(path)).toBe(true);
  expect(await ended(runNode(program(path, '')))).toBe(0);
  expect(existsSync(path)).toBe(false);
});

/** Runs a line of JavaScript that imports setup's files, with nothing on the PATH and its own cache. */
function runSetup(source: string) {
  const env = { PATH: folder, XDG_CACHE_HOME: join(folder, 'cache'), HOME: folder };
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    env,
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../setup/', import.meta.url)),
  });
}

const tensorflowModule = new URL('../../setup/libtensorflow.js', import.meta.url).href;

test('without Python the message says what to install, and nothing half done is left', () => {
  const { status, stderr } = runSetup(
    `const { fetchTensorflow } = await import('${tensorflowModule}'); await fetchTensorflow();`,
  );
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/Cannot find python3\..*apt install python3 python3-pip/);
  const left = spawnSync('ls', [join(folder, 'cache', 'dupn')], { encoding: 'utf8' });
  expect(left.stdout).toBe('');
});

test('a wheel of other bytes is refused', () => {
  const wheel = join(folder, 'x.whl');
  writeFileSync(wheel, 'not it');
  const { stderr } = runSetup(
    `const { checkWheel } = await import('${tensorflowModule}'); await checkWheel(${JSON.stringify(wheel)});`,
  );
  expect(stderr).toMatch(/expected sha256 089e71.*, got [0-9a-f]{64}/);
});
