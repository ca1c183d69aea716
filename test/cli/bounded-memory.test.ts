/** Input that is made to take memory: what commands take of it, as processes of their own, beside what they take of a small log. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { thorough } from '../thorough.js';

const MB = 1 << 20;
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Of what a command takes beyond that of a small log; the files are larger. */
const MAX_GROWTH_MB = 400;

let folder: string;
/** MB that the largest process of these commands takes for a small log. */
let usual: Readonly<Record<'all' | 'preprocess' | 'validate', number>>;

const rows = Array.from({ length: 300 }, (_, at) => `u${at % 9},i${at % 7},${1511544000 + at * 700}`);
const small = `user_id,item_id,time\n${rows.join('\n')}\n`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-bounded-'));
  await writeFile(join(folder, 'small.csv'), small);
  // The first prepares, the last finds it done.
  const preprocess = (await run(['preprocess'], 'small.csv')).peakMb;
  const validate = (await run(['validate'], 'small.csv')).peakMb;
  usual = { preprocess, validate, all: (await run(ALL, 'small.csv')).peakMb };
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Command = 'init' | 'validate' | 'preprocess';

const ALL: readonly Command[] = ['init', 'validate', 'preprocess'];

/** Commands on a log, in one process; `peakMb` is the largest that it was. */
async function run(commands: readonly Command[], log: string) {
  const config = join(folder, 'config.yaml');
  await writeFile(
    config,
    `name: bounded
data: { maxRejectRatio: 1, log: { files: ${log} } }
features: { item: { item: { size: 4 } } }
split: { evaluationLastDays: 1 }
tasks: {}
preprocess: { folder: ${folder}/prepared, threads: 2, memoryLimit: 300MB }
`,
  );
  const flags = ['-c', config, '--log-level', 'silent'];
  const guessed = join(folder, 'guessed.yaml');
  return ofProcess(
    commands.map((command) =>
      command === 'init' ? ['init', join(folder, log), '--out', guessed, '--force'] : [command, ...flags],
    ),
  );
}

/** Exit codes and what was written on stderr, command by command. */
async function ofProcess(all: readonly (readonly string[])[]) {
  const script = `const { main } = await import(${JSON.stringify(main)});
    for (const argv of ${JSON.stringify(all)}) {
      const code = await main(argv);
      process.stderr.write('\\nended with ' + code + '\\n');
    }
    const { readFileSync } = await import('node:fs');
    // Not maxRSS, which a process on Linux begins with the size of the one that started it.
    const [, peak] = /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    process.stderr.write('peak ' + peak + ' ' + (userCPUTime + systemCPUTime));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let stderr = '';
  child.stdout.resume();
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child, 'close');
  const [, peak, cpu] = /peak (\d+) (\d+)$/.exec(stderr) ?? [];
  const parts = stderr.split(/\nended with (\d+)\n/);
  const ended = all.map((_, at) => ({ code: Number(parts[2 * at + 1]), stderr: parts[2 * at] }));
  return { ended, stderr, peakMb: Number(peak) / 1024, cpuSeconds: Number(cpu) / 1e6 };
}

/** A file of `before`, then `size` bytes of `block` again and again, then `after`. */
async function writeLarge(
  name: string,
  before: string,
  block: Buffer,
  size: number,
  after = '',
): Promise<string> {
  const stream = createWriteStream(join(folder, name));
  stream.write(before);
  for (let written = 0; written < size; written += block.length) {
    if (!stream.write(block)) await once(stream, 'drain');
  }
  stream.end(after);
  await once(stream, 'close');
  return name;
}

async function expectBounded(
  log: string,
  code: number,
  message = /^/,
  commands: readonly Command[] = ALL,
): Promise<void> {
  const { ended, stderr, peakMb } = await run(commands, log);
  expect(ended).toEqual(commands.map(() => ({ code, stderr: expect.stringMatching(message) })));
  expect(stderr).not.toContain('    at ');
  expect(peakMb).toBeLessThan(usual[commands === ALL ? 'all' : 'preprocess'] + MAX_GROWTH_MB);
  await rm(join(folder, log));
}

it.runIf(thorough)('a line of 600 MB is one malformed row', async () => {
  await expectBounded(
    await writeLarge('line.csv', small, Buffer.alloc(MB, 'x'), 600 * MB, `\n${rows[0]}\n`),
    0,
  );
});

it.runIf(thorough)('a quote that is not closed for 600 MB is one malformed row', async () => {
  const block = Buffer.from(`${'x'.repeat(MB - 1)}\n`);
  await expectBounded(await writeLarge('quote.csv', `${small}"`, block, 600 * MB), 0);
});

it.runIf(thorough)('a line of JSON of 600 MB is one malformed row', async () => {
  const first = rows.map((row) => {
    const [user_id, item_id, time] = row.split(',');
    return JSON.stringify({ user_id, item_id, time: Number(time) });
  });
  const log = await writeLarge(
    'line.jsonl',
    `${first.join('\n')}\n{"user_id":"`,
    Buffer.alloc(MB, 'x'),
    600 * MB,
  );
  await expectBounded(log, 0);
});

it.runIf(thorough)(
  'millions of malformed lines of one byte take no more, and time in proportion',
  async () => {
    const log = await writeLarge('bytes.csv', small, Buffer.from('x\n'.repeat(MB / 2)), 16 * MB);
    const { ended, peakMb, cpuSeconds } = await run(['preprocess'], log);
    expect(ended).toEqual([{ code: 0, stderr: expect.not.stringContaining('    at ') }]);
    expect(peakMb).toBeLessThan(usual.preprocess + MAX_GROWTH_MB);
    // 8 million lines take about 11 s; 55 s where DuckDB is left to pass over them.
    expect(cpuSeconds).toBeLessThan(30);
    await rm(join(folder, log));
  },
);

it('a header of millions of columns is refused', async () => {
  const log = await writeLarge(
    'header.csv',
    'user_id,item_id,time',
    Buffer.from(',c'.repeat(MB / 2)),
    600 * MB,
  );
  await expectBounded(log, 2, /Cannot read the header of .*header\.csv: line too long \(.*header\.csv:1\)/);
  const columns = await writeLarge(
    'columns.csv',
    'user_id,item_id,time',
    Buffer.from(',c'.repeat(20_000)),
    1,
    '\n',
  );
  await expectBounded(columns, 2, /required at most 16384 columns, got 20003 \(.*columns\.csv:1\)/);
});

it.runIf(thorough)('records of ever new keys are looked at for some megabytes', async () => {
  const keys = (at: number) => Array.from({ length: 40_000 }, (_, key) => `"k${at}_${key}":1`).join(',');
  const lines = Array.from(
    { length: 60 },
    (_, at) => `{"user_id":"u","item_id":"i","time":${1511544000 + at},${keys(at)}}\n`,
  );
  await writeFile(join(folder, 'keys.jsonl'), lines.join(''));
  await expectBounded('keys.jsonl', 0);
});

it('a gzip file that unpacks to more than it can be meant to is refused before the disk is full', async () => {
  // Members one after the other are one file.
  const log = await writeLarge('bomb.csv.gz', '', gzipSync(Buffer.alloc(64 * MB, 'x')), 1.3 * MB);
  await expectBounded(
    log,
    2,
    /bomb\.csv\.gz: required at most 200 times the \d+ bytes .* unpack it first \(gunzip\)/,
    ['preprocess'],
  );
});

it('a YAML of aliases that multiply, or nested without end, is refused', async () => {
  const levels = Array.from(
    { length: 30 },
    (_, at) =>
      `a${at}: &a${at} [${Array(9)
        .fill(at === 0 ? 'x' : `*a${at - 1}`)
        .join(', ')}]`,
  );
  const bombs = [
    [levels.join('\n'), /:\d+:\d+: too many values, or aliases that multiply them/],
    [`a: ${'['.repeat(400_000)}`, /:\d+:\d+: (nested too deeply|not valid YAML)/],
    [`${'{a: '.repeat(60)}1${'}'.repeat(60)}`, /:\d+:\d+: nested too deeply/],
    [`a: &a { b: *a }`, /:\d+:\d+: (nested too deeply|too many values|not valid YAML)/],
    ['x'.repeat(2 * MB), /at most 1000000 bytes, got a larger file/],
  ] as const;
  const files = bombs.map((_, at) => join(folder, `bomb-${at}.yaml`));
  for (const [at, [text]] of bombs.entries()) await writeFile(files[at]!, text);
  const { ended, peakMb } = await ofProcess(files.map((file) => ['validate', '-c', file]));
  expect(ended).toEqual(bombs.map(([, problem]) => ({ code: 2, stderr: expect.stringMatching(problem) })));
  expect(peakMb).toBeLessThan(usual.validate + MAX_GROWTH_MB);
});
