/** What goes wrong around a run: damaged files, full disks, other processes, clocks that jump. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { fileSha256 } from '../../src/common/files.js';
import { start } from '../setup/node-process.js';
import { cases } from '../thorough.js';
import { makeTinyWorld } from '../tiny-world.js';
import { type Output, runMain } from './collect-output.js';

const bin = fileURLToPath(new URL('../../bin/dupn.js', import.meta.url));

let world: string;
const path = (...parts: string[]) => join(world, ...parts);
const set = (...settings: string[]) => settings.flatMap((setting) => ['--set', setting]);
const argv = (command: string, ...settings: string[]) => [
  command,
  ...['-c', path('base.yaml'), '--json', '--log-level', 'silent'],
  ...set('train.validationsPerEpoch=3', ...settings),
];

const call = (command: string, ...settings: string[]): Promise<Output> => runMain(argv(command, ...settings));

/** The message of a command that the user has to mend something for. */
async function refusal(...args: Parameters<typeof call>): Promise<string> {
  const { code, stdout, stderr } = await call(...args);
  expect([code, stdout]).toEqual([2, '']);
  return stderr;
}

/** What tells two runs apart. */
const hashes = (run: string) =>
  Promise.all(
    ['checkpoints/last/weights.safetensors', 'checkpoints/last/optimizer.safetensors', 'metrics.jsonl'].map(
      (file) => fileSha256(path('runs', run, file)),
    ),
  );

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at < 0 ? bytes.length + at : at]! ^= 16;
  await writeFile(file, bytes);
}

beforeAll(async () => {
  world = await makeTinyWorld(40);
  expect((await call('preprocess')).code).toBe(0);
  expect((await call('train', 'run.name=whole')).code).toBe(0);
});

afterAll(() => rm(world, { recursive: true, force: true, maxRetries: 3 }));

describe.sequential('prepared data', () => {
  const data = () => path('damaged/tiny');
  const own = () => `preprocess.folder=${path('damaged')}`;

  const fresh = async () => {
    await rm(path('damaged'), { recursive: true, force: true });
    await cp(path('prepared'), path('damaged'), { recursive: true });
  };

  it.each([
    ['streams/0000/item.i32', 'flipped'],
    ['samples/ctr/label.f32', 'flipped'],
    ['vocabulary/item/brand.parquet', 'flipped'],
    ['requests/end.i32', 'cut'],
    ['items/item.i32', 'missing'],
  ])('train names %s where it is %s', async (file, how) => {
    await fresh();
    const damaged = join(data(), file);
    if (how === 'flipped') await flip(damaged, -5);
    if (how === 'cut') await truncate(damaged, 8);
    if (how === 'missing') await rm(damaged);
    const expected = {
      flipped: /expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}/,
      cut: /expected \d+ bytes, got 8/,
      missing: /it is missing/,
    }[how]!;
    const message = await refusal('train', own(), 'run.name=none');
    expect(message).toMatch(/^Cannot use the prepared data in .*damaged.tiny: files of it are damaged\n/);
    expect(message).toContain(`\n  ${file}: `);
    expect(message).toMatch(expected);
    expect(existsSync(path('runs/none'))).toBe(false);
    const checked = await runMain(['doctor', data()]);
    expect([checked.code, checked.stdout]).toEqual([2, expect.stringMatching(/, 1 wrong\n$/)]);
    expect(checked.stderr).toContain(damaged);
  });

  it('a manifest that says something else than was written is named by whoever reads it', async () => {
    await fresh();
    const manifest = join(data(), 'manifest.json');
    const text = await readFile(manifest, 'utf8');
    await writeFile(
      manifest,
      text.replace(/"requests": (\d)/, (_, digit) => `"requests": ${(Number(digit) % 9) + 1}`),
    );
    const expected =
      /^Cannot read the prepared data: .*manifest\.json is damaged \(sha256 .*\)\n {2}put a whole copy/;
    for (const command of ['train', 'eval', 'preprocess']) {
      expect(await refusal(command, own(), 'run.name=whole')).toMatch(expected);
    }
    const checked = await runMain(['doctor', data()]);
    expect([checked.code, checked.stderr]).toEqual([2, expect.stringContaining('manifest.json is damaged')]);
    // One of before there were checksums is taken as it is.
    const { sha256: _, ...older } = JSON.parse(text);
    await writeFile(manifest, JSON.stringify(older));
    expect((await call('eval', own(), 'run.name=whole')).code).toBe(0);
    // The way out that is named.
    await writeFile(manifest, '{');
    expect((await runMain([...argv('preprocess', own()), '--force'])).code).toBe(0);
  });

  it('is found where a kill came between the renames that put it in its place', async () => {
    await fresh();
    await rename(data(), path('damaged/.tiny.previous'));
    expect((await call('eval', own(), 'run.name=whole')).code).toBe(0);
    expect(existsSync(data())).toBe(true);
  });

  it('an evaluation and a prediction name what is damaged of what they read', async () => {
    await fresh();
    await flip(join(data(), 'samples/ctr/label.f32'), 2);
    expect(await refusal('eval', own(), 'run.name=whole')).toMatch(
      /^Cannot read .*samples.ctr.label\.f32: sha256 [0-9a-f]{64}, got [0-9a-f]{64}; the file is damaged/,
    );
    await fresh();
    await flip(join(data(), 'vocabulary/item/shop.parquet'), 60);
    const output = ['--out', path('bundle')];
    const { code, stderr } = await runMain([...argv('export', own(), 'run.name=whole'), ...output]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('\n  vocabulary/item/shop.parquet: expected sha256'),
    ]);
  });

  it('doctor finds what is damaged of a bundle and of ONNX graphs', async () => {
    for (const [format, file] of [
      ['bundle', 'weights.safetensors'],
      ['onnx', 'weights.bin'],
    ] as const) {
      const out = path(`exported-${format}`);
      const exported = [...argv('export', 'run.name=whole'), '--format', format, '--out', out];
      expect(await runMain(exported)).toMatchObject({ code: 0 });
      expect(await runMain(['doctor', out])).toMatchObject({ code: 0 });
      await flip(join(out, file), 3000);
      const { code, stderr } = await runMain(['doctor', out]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(`${join(out, file)}: expected sha256`)]);
    }
    expect((await runMain(['doctor', world])).stderr).toMatch(
      /^Cannot check .*: expected prepared data, a trained run/,
    );
  });

  it('an update does not go on from what is damaged', async () => {
    const settings = ['name=kept', own(), 'data.log.to=2026-01-09'];
    const prepare = [...argv('preprocess', ...settings), '--update'];
    expect(await runMain(prepare)).toMatchObject({ code: 0 });
    const log = path('damaged/kept/streams/0000/log.parquet');
    await flip(log, 400);
    const next = [...argv('preprocess', 'name=kept', own(), 'data.log.to=2026-01-10'), '--update'];
    const { code, stderr } = await runMain(next);
    expect([code, stderr]).toEqual([2, expect.stringContaining('streams/0000/log.parquet: expected sha256')]);
  });
});

describe.sequential('a run', () => {
  const resume = (...settings: string[]) => runMain([...argv('train', ...settings), '--resume']);
  const fresh = async () => {
    await rm(path('runs/damaged'), { recursive: true, force: true });
    await cp(path('runs/whole'), path('runs/damaged'), { recursive: true });
  };

  it.each(
    cases<readonly [string, number]>(
      [['checkpoints/last/weights.safetensors', -1]],
      [
        ['checkpoints/last/optimizer.safetensors', 2000],
        ['checkpoints/last/checkpoint.json', 500],
      ],
    ),
  )('names %s where a bit has flipped, and what can be done', async (file, at) => {
    await fresh();
    await flip(path('runs/damaged', file), at);
    const { code, stderr } = await resume('run.name=damaged', 'train.epochs=3');
    expect([code, stderr]).toEqual([2, expect.stringContaining(path('runs/damaged', file))]);
    expect(stderr).toMatch(/damaged/);
    expect(stderr).toContain(`--from ${path('runs/damaged')} --set run.name=NAME`);
    const checked = await runMain(['doctor', path('runs/damaged')]);
    expect([checked.code, checked.stderr]).toEqual([2, expect.stringContaining(file)]);
    expect((await runMain(['doctor', path('runs/whole')])).code).toBe(0);
    // The way out that is named.
    const from = [...argv('train', 'run.name=again'), '--from', path('runs/damaged'), '--force'];
    expect((await runMain(from)).code).toBe(0);
  });

  it.each(['weights.safetensors', 'checkpoint.json'])('names %s where it was cut short', async (file) => {
    await fresh();
    const cut = path('runs/damaged/checkpoints/last', file);
    await truncate(cut, 300);
    const { code, stderr } = await resume('run.name=damaged', 'train.epochs=3');
    expect([code, stderr]).toEqual([2, expect.stringContaining(cut)]);
  });

  it('does not go on beside a metrics.jsonl that was cut, and does without one', async () => {
    await fresh();
    const metrics = path('runs/damaged/metrics.jsonl');
    const { length } = await readFile(metrics);
    await truncate(metrics, length - 10);
    const { code, stderr } = await resume('run.name=damaged', 'train.epochs=3');
    expect([code, stderr]).toEqual([2, expect.stringContaining(`expected the ${length} bytes`)]);
    await rm(metrics);
    expect((await resume('run.name=damaged', 'train.epochs=3')).code).toBe(0);
    expect((await readFile(metrics)).length).toBeGreaterThan(0);
  });

  it('that started from another one does not go on without what says so', async () => {
    const start = (...more: string[]) => runMain([...argv('train', 'run.name=started', ...more), '--resume']);
    const from = [...argv('train', 'run.name=started', 'train.epochs=1'), '--from', path('runs/whole')];
    expect((await runMain(from)).code).toBe(0);
    const record = path('runs/started/start.json');
    const text = await readFile(record, 'utf8');
    for (const damaged of [text.slice(0, -20), text.replace('"step": ', '"step": 1')]) {
      await writeFile(record, damaged);
      const { code, stderr } = await start();
      expect([code, stderr]).toEqual([2, expect.stringContaining(`${record} is damaged`)]);
    }
    await rm(record);
    expect(await start()).toMatchObject({ code: 2, stderr: expect.stringContaining(`expected ${record}`) });
    await writeFile(record, text);
    expect((await start()).code).toBe(0);
  });

  it('that is begun anew is gone at once, whenever a kill comes', async () => {
    await fresh();
    // As a kill leaves it that comes while the older run is removed.
    await rename(path('runs/damaged'), path('runs/.damaged.removed'));
    expect((await resume('run.name=damaged', 'train.epochs=1')).code).toBe(0);
    expect(existsSync(path('runs/.damaged.removed'))).toBe(false);
  });

  it('is trained by one process at a time, and another one is told which', async () => {
    const child = start([bin, ...argv('train', 'run.name=held', 'train.epochs=300', 'train.patience=300')]);
    while (!existsSync(path('runs/held/metrics.jsonl'))) await new Promise((done) => setTimeout(done, 10));
    const message = await refusal('train', 'run.name=held');
    expect(message).toContain(
      `Cannot use the run in ${path('runs/held')}: no other process may work in it, got process ${child.pid} on `,
    );
    expect((await refusal('train', 'run.name=held')).split('\n')).toHaveLength(2);
    child.kill('SIGINT');
    expect(await child.ended).toMatchObject({ code: 130, signal: null });
  });

  it('ends within an epoch, and not with it', async () => {
    const settings = [
      'run.name=within',
      'train.epochs=300',
      'train.batchRequests=1',
      'train.validationsPerEpoch=1',
    ];
    const child = start([bin, ...argv('train'), ...set(...settings)]);
    const events = path('runs/within/tensorboard');
    const isWritten = () =>
      existsSync(events) && readdirSync(events).some((name) => statSync(join(events, name)).size > 500);
    while (!isWritten()) await new Promise((done) => setTimeout(done, 5));
    child.kill('SIGINT');
    expect(await child.ended).toMatchObject({ code: 130 });
    const { state } = JSON.parse(
      await readFile(path('runs/within/checkpoints/last/checkpoint.json'), 'utf8'),
    );
    expect(state).toMatchObject({ epoch: 0, validatedStep: 0 });
    expect(state.step).toBe(state.batch);
  });

  it.each(cases<readonly [NodeJS.Signals, number]>([['SIGTERM', 143]], [['SIGINT', 130]]))(
    'ends with the step saved after %s, and at once after two',
    async (signal, code) => {
      const name = `stopped-${code}`;
      const long = argv('train', `run.name=${name}`, 'train.epochs=300', 'train.patience=300');
      const first = start([bin, ...long]);
      while (!existsSync(path('runs', name, 'metrics.jsonl')))
        await new Promise((done) => setTimeout(done, 10));
      first.kill(signal);
      const { code: got, output } = await first.ended;
      expect(got).toBe(code);
      expect(output).toMatch(
        /stopped after step \d+, which is saved; the same command goes on with it \(dupn train: with --resume\)/,
      );
      const state = async () =>
        JSON.parse(await readFile(path('runs', name, 'checkpoints/last/checkpoint.json'), 'utf8')).state;
      const { step } = await state();
      expect(output).toContain(`step ${step},`);

      // A validation that takes long: a signal waits for no more than one of its batches.
      const second = start([bin, ...long, '--resume']);
      const { metricsBytes } = await state();
      const metrics = path('runs', name, 'metrics.jsonl');
      while ((await readFile(metrics)).length <= metricsBytes)
        await new Promise((done) => setTimeout(done, 5));
      second.kill('SIGSTOP');
      second.kill(signal);
      second.kill('SIGCONT');
      await new Promise((done) => setTimeout(done, 350));
      second.kill(signal);
      const ended = await second.ended;
      // It may have been quicker than the second one.
      expect([ended.code, ended.signal]).toEqual(ended.signal === null ? [code, null] : [null, signal]);
      expect((await runMain(['doctor', path('runs', name)])).code).toBe(0);
      // The second one may come while that step is saved: then the checkpoint before it is whole.
      const { step: last } = await state();
      if (ended.signal === null) expect(last).toBeGreaterThan(step);
      else expect(last).toBeGreaterThanOrEqual(step);
    },
  );

  it('is the same where the clock jumps, forward and back', async () => {
    const jumping = `
      const now = Date.now;
      let calls = 0;
      // Years back and forth, at every look at the clock.
      const jump = () => now() + (calls++ % 2 ? -1 : 1) * 1e11;
      const Real = Date;
      globalThis.Date = class extends Real { constructor(...of) { super(...(of.length ? of : [jump()])); } };
      globalThis.Date.now = jump;`;
    const preload = `data:text/javascript,${encodeURIComponent(jumping)}`;
    const train = (...more: string[]) =>
      start(['--import', preload, bin, ...argv('train', 'run.name=clock', ...more), '--resume']).ended;
    expect(await train('train.epochs=1')).toMatchObject({ code: 0 });
    for (const file of ['checkpoints/last/checkpoint.json', 'metrics.jsonl', 'config.resolved.yaml']) {
      await utimes(path('runs/clock', file), new Date(0), new Date(0));
    }
    expect(await train()).toMatchObject({ code: 0 });
    expect(await hashes('clock')).toEqual(await hashes('whole'));
  });
});

/** Whether this machine lets us mount a small disk. */
const canMount = (() => {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', '/mnt'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
})();

describe.runIf(canMount).sequential('a small disk', () => {
  let disk: string;
  const mount = (...options: string[]) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', options.join(), 'tmpfs', disk]);

  beforeAll(async () => {
    disk = path('disk');
    await mkdir(disk);
  });

  const onDisk = async (options: string, run: () => Promise<void>): Promise<void> => {
    mount(options);
    try {
      await run();
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  };

  it.each(cases(['16k', '300k'], ['8k', '40k', '900k']))(
    'of %s that is full ends a training with a message, and the run goes on where there is room',
    (size) =>
      onDisk(`size=${size}`, async () => {
        const folder = `run.folder=${disk}`;
        const message = await refusal('train', folder, 'run.name=small');
        expect(message).toMatch(/^Cannot go on: no space is left on the disk \(.*disk.small.*\)\n/);
        mount('remount', 'size=50m');
        const train = await runMain([...argv('train', folder, 'run.name=small'), '--resume']);
        expect([train.code, train.stderr]).toEqual([0, '']);
        await rm(path('runs/small'), { recursive: true, force: true });
        await cp(join(disk, 'small'), path('runs/small'), { recursive: true });
        expect(await hashes('small')).toEqual(await hashes('whole'));
      }),
  );

  it('that is full keeps the data that was prepared before', () =>
    onDisk('size=3m', async () => {
      await cp(path('prepared/tiny'), join(disk, 'tiny'), { recursive: true });
      await writeFile(join(disk, 'filler'), Buffer.alloc(3e6)).catch(() => undefined);
      const { code, stderr } = await runMain([...argv('preprocess', `preprocess.folder=${disk}`), '--force']);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/^Cannot go on: no space is left on the disk/),
      ]);
      await rm(join(disk, 'filler'));
      expect((await runMain(['doctor', join(disk, 'tiny')])).code).toBe(0);
    }));

  it('that is read-only is named', () =>
    onDisk('size=1m', async () => {
      mount('remount', 'ro');
      const readOnly = /^Cannot go on: the file system is read-only \(.*disk.*\)\n/;
      expect(await refusal('train', `run.folder=${disk}`)).toMatch(readOnly);
      expect(await refusal('preprocess', `preprocess.folder=${disk}`)).toMatch(readOnly);
    }));
});

test('a folder whose place is a file is named', async () => {
  expect(await refusal('train', `run.folder=${path('base.yaml')}`)).toMatch(/^Cannot go on: .*base\.yaml/);
});
