/** A command in a pseudo terminal of `script` (util-linux), which makes the terminal's text a file's. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dupn, makeTinyWorld } from '../tiny-world.js';

const hasScript =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;
if (!hasScript) process.stderr.write('no `script` of util-linux, so no test in a pseudo terminal\n');

const bin = resolve('bin/dupn.js');

interface Options {
  readonly env?: Record<string, string>;
  readonly flags?: string;
  readonly users?: number;
  readonly shell?: string;
}

/** `dupn generate`, which lasts about a second, in a terminal of 60 columns. */
async function start({ env = {}, flags = '', users = 800, shell = '' }: Options) {
  const out = join(await mkdtemp(join(tmpdir(), 'dupn-pty-')), 'log');
  const { NO_COLOR: _, FORCE_COLOR: __, ...rest } = process.env;
  const command = `stty cols 60; ${process.execPath} ${bin} generate --out ${out} --users ${users} ${flags} ${shell}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...rest, TERM: 'xterm', ...env } });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
  return { child, ended, text: () => text };
}

async function run(options: Options): Promise<string> {
  const { child, ended, text } = await start(options);
  child.stdin.end();
  expect(await ended).toBe(0);
  return text();
}

const ESCAPE = '\u001b';
const COLOURS = new RegExp(`${ESCAPE}\\[[\\d;]*m`);
const BAR = /generate \[=* *\] \d+% \d+\/11/;

describe.skipIf(!hasScript)('in a terminal', () => {
  it('draws bars and colours, and clears the bar before the result', async () => {
    const text = await run({});
    expect(text).toMatch(COLOURS);
    expect(text).toMatch(BAR);
    // Nothing of a bar behind its last clearing.
    const after = text.slice(text.lastIndexOf('\u001b[2K'));
    expect(after).toContain('events.csv.gz');
    expect(after).not.toMatch(BAR);
    // Neither is the cursor hidden nor the wrapping of lines switched.
    expect(text).not.toContain('\u001b[?');
  });

  it('draws bars without colours with NO_COLOR', async () => {
    const text = await run({ env: { NO_COLOR: '1' } });
    expect(text).toMatch(BAR);
    expect(text).not.toMatch(COLOURS);
  });

  it('moves no cursor and colours nothing on a dumb terminal, with --log-level silent, and where it is piped', async () => {
    const texts = [
      await run({ env: { TERM: 'dumb' }, users: 60 }),
      await run({ flags: '--log-level silent', users: 60 }),
      await run({ shell: '2>&1 | cat', users: 60 }),
    ];
    for (const text of texts) {
      expect(text).toContain('events.csv.gz');
      expect(text).not.toContain('\u001b');
    }
    expect(texts[1]).not.toContain('generate');
    expect(texts[2]).toContain('"msg":"generated"');
  });

  it('ends by Ctrl-C with an empty line and the signal', async () => {
    const { child, ended, text } = await start({ users: 20_000 });
    for (let waited = 0; !/generate \[[^\]]*\] \d/.test(text()) && waited < 30_000; waited += 50)
      await sleep(50);
    child.stdin.write('\u0003');
    await sleep(100);
    child.stdin.end();
    await ended;
    const [, after] = text().split('^C');
    expect(after).toBeDefined();
    expect(after!.slice(0, after!.lastIndexOf('\u001b[2K') + 4).endsWith('\u001b[1G\u001b[2K')).toBe(true);
    expect(text()).not.toContain('events.csv.gz');
  });

  describe.sequential('a training', () => {
    let world: string;
    beforeAll(async () => {
      world = await makeTinyWorld(60);
      await dupn('preprocess', '-c', join(world, 'base.yaml'));
    });
    afterAll(() => rm(world, { recursive: true, force: true, maxRetries: 3 }));

    /** Slow steps, of which an epoch has some hundred. */
    function train(name: string) {
      const settings = [`run.name=${name}`, 'train.epochs=300', 'train.batchRequests=4', 'model.units=256'];
      const set = settings.map((setting) => `--set ${setting}`).join(' ');
      const command = `${process.execPath} ${bin} train -c ${world}/base.yaml ${set}`;
      // Its exit code is that of the command; `exec` leaves no shell between them.
      const child = spawn('script', ['-qec', `exec ${command}`, '/dev/null'], {
        env: { ...process.env, TERM: 'xterm' },
      });
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += chunk;
      });
      const ended = new Promise<number | null>((done) => child.on('close', done));
      const begun = async () => {
        while (!/epoch 1\/300, requests \[[^\]]*\] \d/.test(text)) await sleep(5);
      };
      return { child, ended, begun, text: () => text };
    }

    const stateOf = async (name: string) =>
      JSON.parse(await readFile(join(world, 'runs', name, 'checkpoints/last/checkpoint.json'), 'utf8')).state;

    it('that Ctrl-C stops is saved after its step, and says how to go on', async () => {
      const { child, ended, begun, text } = train('stopped');
      await begun();
      child.stdin.write('\u0003');
      expect(await ended).toBe(130);
      const state = await stateOf('stopped');
      expect(state).toMatchObject({ epoch: 0, validatedStep: 0 });
      expect(text()).toContain(
        `stopped after step ${state.step}, which is saved; the same command goes on with it (dupn train: with --resume)`,
      );
    });

    it('is saved where its terminal is closed', async () => {
      const { child, ended, begun } = train('closed');
      await begun();
      // Whoever reads the terminal is gone.
      child.kill('SIGKILL');
      await ended;
      const last = join(world, 'runs/closed/checkpoints/last/checkpoint.json');
      const lock = join(world, 'runs/.closed.lock');
      for (let waited = 0; existsSync(lock) && waited < 60_000; waited += 20) await sleep(20);
      expect([existsSync(last), existsSync(lock)]).toEqual([true, false]);
      expect(await stateOf('closed')).toMatchObject({ epoch: 0, validatedStep: 0 });
    });
  });
});
