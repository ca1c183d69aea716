import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runMain } from './collect-output.js';

const bin = new URL('../../bin/dupn.js', import.meta.url).pathname;
const ga = new URL('../../configs/ga.yaml', import.meta.url).pathname;
const run = promisify(execFile);
const node = process.execPath;

describe('dupn --help', () => {
  it('names every command and loads neither the engine nor DuckDB nor what commands need', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dupn-help-'));
    const hooks = `import { appendFileSync } from 'node:fs';
      export async function load(url, context, next) {
        appendFileSync(${JSON.stringify(join(folder, 'loaded'))}, url + '\\n');
        return next(url, context);
      }`;
    await writeFile(join(folder, 'hooks.mjs'), hooks);
    await writeFile(
      join(folder, 'preload.mjs'),
      "import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);",
    );
    const { stdout } = await run(node, ['--import', join(folder, 'preload.mjs'), bin, '--help']);
    for (const command of [
      'init',
      'validate',
      'preprocess',
      'train',
      'eval',
      'show',
      'compare',
      'generate',
      'doctor',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
    const loaded = await readFile(join(folder, 'loaded'), 'utf8');
    expect(loaded).toContain('/dist/cli/main.js');
    expect(loaded).not.toMatch(
      /tensorflow|duckdb|\/zod\/|\/yaml\/|pino|dist\/(engine|config|preprocess|dataset)/,
    );
  });
});

describe('bin/dupn.js', () => {
  it('ends with 2 and the message alone for what the user can fix', async () => {
    const failure = await run(node, [bin, 'train', '-c', 'missing.yaml']).catch((error) => error);
    expect(failure.code).toBe(2);
    expect(failure.stdout).toBe('');
    expect(failure.stderr).toBe('Cannot read the config missing.yaml: there is no such file\n');
  });

  it('does not mind a reader that closes early', async () => {
    const child = spawn(node, [bin, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('exit codes', () => {
  it.each([
    [['--help'], 0],
    [['--version'], 0],
    [['train', '--help'], 0],
    [[], 2],
    [['trian'], 2],
    [['train'], 2],
    [['train', '-c'], 2],
    [['train', '-c', ga, '--epochs', '3'], 2],
    [['train', '-c', ga, '--log-level', 'loud'], 2],
    [['train', '-c', ga, 'extra'], 2],
  ])('%j: %d', async (argv, code) => {
    const output = await runMain(argv);
    expect(output.code).toBe(code);
    expect(code === 0 ? output.stdout : output.stderr).not.toBe('');
    expect(code === 0 ? output.stderr : output.stdout).toBe('');
  });

  it('is 1 with a stack for a fault that no user can fix', async () => {
    const env = new Proxy({} as Record<string, string>, {
      get() {
        throw new TypeError('a fault');
      },
    });
    const output = await runMain(['train', '-c', ga], env);
    expect(output.code).toBe(1);
    expect(output.stderr).toMatch(/^TypeError: a fault\n\s+at /);
  });

  it('a mistyped command is answered with the one that was meant', async () => {
    expect((await runMain(['trian'])).stderr).toContain('Did you mean train?');
  });
});

describe('a config with problems', () => {
  it('ends with 2, all of them on stderr and nothing on stdout', async () => {
    const set = ['--set', 'train.epochs=none', '--set', 'modle.units=3'];
    const output = await runMain(['train', '-c', ga, ...set, '--json']);
    expect(output).toEqual({
      code: 2,
      stdout: '',
      stderr:
        `Cannot use the config ${ga}: 2 problems\n` +
        '  --set train.epochs=none train.epochs: expected a number, got "none"\n' +
        '  --set modle.units=3 modle: unknown key, did you mean `model`?\n',
    });
  });
});

describe('prepared data that is not there', () => {
  it.each([[['train']], [['eval']], [['show', '--user', 'u1']]])('is asked for by %j', async (argv) => {
    const folder = await mkdtemp(join(tmpdir(), 'dupn-cli-'));
    const output = await runMain([...argv, '-c', ga, '--set', `preprocess.folder=${folder}`]);
    expect(output.code).toBe(2);
    expect(output.stderr).toContain(`expected prepared data in ${folder}/ga, got none`);
    expect(output.stderr).toContain(`run \`dupn preprocess -c ${ga}\``);
  });
});
