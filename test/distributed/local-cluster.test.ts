/** `dupn train` by several processes: what comes of it, and what happens when one of them is lost. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { start } from '../setup/node-process.js';
import { thorough } from '../thorough.js';
import { dupn, makeTinyWorld } from '../tiny-world.js';

const bin = fileURLToPath(new URL('../../bin/dupn.js', import.meta.url));

let world: string;

beforeAll(async () => {
  world = await makeTinyWorld(80);
  await dupn('preprocess', '-c', join(world, 'base.yaml'));
});

afterAll(() => rm(world, { recursive: true, force: true }));

const set = (...settings: string[]) => settings.flatMap((setting) => ['--set', setting]);

const command = (name: string, ...more: string[]) => [
  ...[
    bin,
    'train',
    '-c',
    join(world, 'base.yaml'),
    ...set(`run.name=${name}`, 'distributed.timeoutSeconds=4'),
  ],
  ...more,
];

const run = (name: string, file: string) => join(world, 'runs', name, file);

const metricsOf = (name: string) =>
  readFileSync(run(name, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number | string>);

/** Process ids of the workers that a launcher has started. */
function workersOf(launcher: number): number[] {
  const lines = execFileSync('ps', ['-o', 'pid=', '--ppid', String(launcher)], { encoding: 'utf8' });
  return lines.trim().split(/\s+/).map(Number);
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function until(isThere: () => boolean, over: Promise<unknown>): Promise<void> {
  let ended = false;
  void over.then(() => {
    ended = true;
  });
  while (!isThere()) {
    if (ended) throw new Error('the training has ended too early');
    await pause(5);
  }
}

const SETTINGS = set('tasks.ctr.tower.dropout=0', 'tasks.ppp.tower.dropout=0', 'train.averageDecay=0.9');

test('the records of a run of two processes are those of one', async () => {
  const [one, two] = [
    start(command('one', ...SETTINGS)),
    start(command('two', '--local-cluster', 'workers=2', '--json', ...SETTINGS)),
  ];
  expect((await one.ended).output).toContain('best after');
  const ended = await two.ended;
  expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('"exchange"')]);
  const [a, b] = [metricsOf('one'), metricsOf('two')];
  expect(b.length).toBe(a.length);
  for (const [at, record] of a.entries()) {
    expect(Object.keys(b[at]!)).toEqual(Object.keys(record));
    for (const [key, value] of Object.entries(record)) {
      if (typeof value === 'number') expect(b[at]![key]).toBeCloseTo(value, 2);
      else expect(b[at]![key]).toBe(value);
    }
  }
  const evaluated = await dupn('eval', '-c', join(world, 'base.yaml'), ...set('run.name=two'), '--json');
  expect(evaluated).toContain('auc[ctr]');
});

const LONG = set('train.epochs=200', 'train.patience=200', 'train.validationsPerEpoch=4');

test.each([
  ...(thorough
    ? ([
        ['killed', 'worker 1', 1, 'SIGKILL', '', /worker 1 \(.*\) cannot be reached/],
        ['frozen', 'worker 1', 1, 'SIGSTOP', '', /worker 1 \(.*\) does not answer \(within 4 s\)/],
        ['killed', 'the chief', 0, 'SIGKILL', '', /worker 0 \(.*the chief\) cannot be reached/],
        ['killed', 'worker 1 beside a server', 1, 'SIGKILL', ',ps=1', /worker 1 \(.*\) cannot be reached/],
        ['frozen', 'a server', 2, 'SIGSTOP', ',ps=2', /ps 0 \(.*\) does not answer \(within 4 s\)/],
        [
          'killed',
          'the chief beside a server',
          0,
          'SIGKILL',
          ',ps=1',
          /the chief has not been heard of for 4 s/,
        ],
      ] as const)
    : []),
  ['killed', 'a server', 3, 'SIGKILL', ',ps=2', /ps 1 \(.*\) cannot be reached/],
] as const)('%s: %s', async (how, who, index, signal, servers, message) => {
  const name = `${how} ${who}`.replaceAll(' ', '-');
  const tables = set(`distributed.tables=${servers ? 'servers' : 'replicated'}`);
  const cluster = start(command(name, '--local-cluster', `workers=2${servers}`, ...tables, ...LONG));
  await until(() => existsSync(run(name, 'checkpoints/last')), cluster.ended);
  const pids = workersOf(cluster.pid);
  expect(pids.length).toBe(2 + Number(servers.slice(-1)));
  process.kill(pids[index]!, signal);
  if (signal === 'SIGSTOP') {
    // Those who train end while it is still there; the launcher ends it then.
    const others = [0, 1].filter((other) => other !== index).map((other) => pids[other]!);
    await until(() => !others.some(isAlive), cluster.ended);
    expect(isAlive(pids[index]!)).toBe(true);
  }
  const { code, output } = await cluster.ended;
  expect(code).toBeGreaterThan(127);
  expect(output).toMatch(message);
  expect(output).toContain('--resume');
  expect(pids.every((pid) => !isAlive(pid))).toBe(true);
  const { state } = JSON.parse(readFileSync(run(name, 'checkpoints/last/checkpoint.json'), 'utf8')) as {
    readonly state: { readonly step: number };
  };
  expect(state.step).toBeGreaterThan(0);
});

test.runIf(thorough)('who fails alone, while all make steps of their own, ends all', async () => {
  const settings = set('distributed.tables=servers', 'distributed.steps=asynchronous');
  const cluster = start(command('alone', '--local-cluster', 'workers=2,ps=1', ...settings, ...LONG));
  await until(() => existsSync(run('alone', 'checkpoints/last')), cluster.ended);
  // The chief cannot write its records any more.
  renameSync(run('alone', 'metrics.jsonl'), run('alone', 'records'));
  mkdirSync(run('alone', 'metrics.jsonl'));
  process.kill(workersOf(cluster.pid)[1]!, 'SIGTERM');
  const { code, output } = await cluster.ended;
  expect([code, output]).toEqual([2, expect.stringContaining('worker 0 ended first, with exit code 2')]);
  expect(output).toContain('worker 0 (127.0.0.1');
});

test.runIf(thorough)('when the launcher is killed the processes save and end', async () => {
  const settings = set('distributed.tables=servers');
  const cluster = start(command('orphans', '--local-cluster', 'workers=2,ps=1', ...settings, ...LONG));
  await until(() => existsSync(run('orphans', 'checkpoints/last')), cluster.ended);
  const pids = workersOf(cluster.pid);
  cluster.kill('SIGKILL');
  const startMs = performance.now();
  while (pids.some(isAlive)) {
    expect(performance.now() - startMs).toBeLessThan(60_000);
    await pause(50);
  }
  expect(readFileSync(run('orphans', 'train.log'), 'utf8')).toContain('the step is finished and saved');
});

test.runIf(thorough)('who takes longer to begin is waited for', async () => {
  const cluster = start(
    command(
      'slow',
      ...['--local-cluster', 'workers=2'],
      ...set('distributed.timeoutSeconds=6', 'train.epochs=1'),
      ...set('model.itemEmbeddings=word2vec', 'model.word2vec.epochs=200'),
    ),
  );
  await until(() => existsSync(run('slow', 'config.resolved.yaml')), cluster.ended);
  const slow = workersOf(cluster.pid)[1]!;
  let isOver = false;
  const ended = cluster.ended.finally(() => {
    isOver = true;
  });
  // Its word2vec learns at a fifth of the speed; it is never silent for long.
  while (!isOver && isAlive(slow) && !existsSync(run('slow', 'tensorboard'))) {
    process.kill(slow, 'SIGSTOP');
    await pause(320);
    process.kill(slow, 'SIGCONT');
    await pause(80);
  }
  const { code, output } = await ended;
  expect([code, output]).toEqual([0, expect.stringContaining('best after')]);
});

test.runIf(thorough)('a port that is taken is named', async () => {
  const [address, other] = ['127.0.0.1:23931', '127.0.0.1:23932'];
  const taken = createServer().listen(23931);
  for (const type of ['worker', 'ps'] as const) {
    const cluster = {
      worker: type === 'ps' ? [other] : [address, other],
      ...(type === 'ps' && { ps: [address] }),
    };
    const { code, output } = await start(
      command('taken', ...set(`distributed.tables=${type === 'ps' ? 'servers' : 'replicated'}`)),
      { env: { ...process.env, TF_CONFIG: JSON.stringify({ cluster, task: { type, index: 0 } }) } },
    ).ended;
    expect([code, output]).toEqual([
      2,
      expect.stringContaining(
        `Cannot train with others at ${address}: expected a port that nobody listens on`,
      ),
    ]);
  }
  taken.close();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const TABLES = {
  replicated: ['workers=2', ['weights', 'optimizer']],
  sharded: ['workers=2', ['weights', 'optimizer', 'tables-1-of-2', 'tables-2-of-2', 'table-slots-2-of-2']],
  servers: ['workers=2,ps=1', ['weights', 'optimizer', 'tables-1-of-1', 'table-slots-1-of-1']],
} as const;

test.runIf(thorough).each(['replicated', 'sharded', 'servers'] as const)(
  'stopped and resumed, %s tables: as if nothing had been',
  async (tables) => {
    const settings = set('train.epochs=3', 'train.validationsPerEpoch=2', `distributed.tables=${tables}`);
    const [processes, files] = TABLES[tables];
    const local = ['--local-cluster', processes, ...settings];
    const whole = await start(command(`whole-${tables}`, ...local)).ended;
    expect(whole.code).toBe(0);
    const name = `stopped-${tables}`;
    const stopped = start(command(name, ...local));
    await until(() => existsSync(run(name, 'checkpoints/best')), stopped.ended);
    stopped.kill('SIGTERM');
    const { code, output } = await stopped.ended;
    expect([code, output]).toEqual([
      143,
      expect.stringMatching(/stopped after step \d+, which is saved; the same command goes on/),
    ]);
    const resumed = await start(command(name, '--resume', ...local)).ended;
    expect([resumed.code, resumed.output]).toEqual([0, expect.stringContaining('best after')]);
    expect(readFileSync(run(name, 'metrics.jsonl'), 'utf8')).toBe(
      readFileSync(run(`whole-${tables}`, 'metrics.jsonl'), 'utf8'),
    );
    for (const file of files.map((file) => `checkpoints/best/${file}.safetensors`)) {
      expect(readFileSync(run(name, file)).equals(readFileSync(run(`whole-${tables}`, file)))).toBe(true);
    }
  },
);

test.runIf(thorough)('processes that make steps of their own learn, stop together and go on', async () => {
  const settings = set(
    'distributed.tables=servers',
    'distributed.steps=asynchronous',
    'train.epochs=12',
    'train.patience=12',
  );
  const local = ['--local-cluster', 'workers=2,ps=2', ...settings];
  const cluster = start(command('own-pace', ...local));
  await until(() => existsSync(run('own-pace', 'checkpoints/last')), cluster.ended);
  await pause(300);
  cluster.kill('SIGTERM');
  const { code, output } = await cluster.ended;
  expect([code, output]).toEqual([143, expect.stringMatching(/stopped after step \d+, which is saved/)]);
  const resumed = await start(command('own-pace', '--resume', ...local)).ended;
  expect([resumed.code, resumed.output]).toEqual([0, expect.stringContaining('best after')]);
  const records = metricsOf('own-pace');
  const losses = records.filter(({ type }) => type === 'train').map(({ loss }) => loss as number);
  expect(losses.at(-1)!).toBeLessThan(0.9 * losses[0]!);
  const steps = records.filter(({ type }) => type === 'train').map(({ step }) => step as number);
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
  expect(records.filter(({ type }) => type === 'validation').length).toBe(12);
});

test.runIf(thorough)('a process with another config is named by all', async () => {
  const cluster = { worker: ['127.0.0.1:23911', '127.0.0.1:23912'] };
  const members = [0, 1].map((index) =>
    start(command('other', ...set(`train.l2=0.${index + 1}`)), {
      env: { ...process.env, TF_CONFIG: JSON.stringify({ cluster, task: { type: 'worker', index } }) },
    }),
  );
  for (const { ended } of members) {
    const { code, output } = await ended;
    expect([code, output]).toEqual([
      2,
      expect.stringContaining('worker 1 (127.0.0.1:23912) has not the same as worker 0'),
    ]);
    expect(output).toContain('train.l2: was 0.1, now 0.2');
  }
});

test.runIf(thorough)('who does not come is named', async () => {
  const cluster = { worker: ['127.0.0.1:23921', '127.0.0.1:23922'] };
  const { code, output } = await start(command('waiting', ...set('distributed.startSeconds=3')), {
    env: { ...process.env, TF_CONFIG: JSON.stringify({ cluster, task: { type: 'worker', index: 0 } }) },
  }).ended;
  expect([code, output]).toEqual([
    138,
    expect.stringContaining('worker 1 (127.0.0.1:23922) cannot be reached'),
  ]);
});

test('spread tables do not start from another run, nor go on where one has only begun', async () => {
  mkdirSync(join(world, 'runs/begun'), { recursive: true });
  writeFileSync(run('begun', 'start.json'), JSON.stringify({ run: 'earlier' }));
  const cluster = { worker: ['127.0.0.1:23941', '127.0.0.1:23942'] };
  const env = { ...process.env, TF_CONFIG: JSON.stringify({ cluster, task: { type: 'worker', index: 0 } }) };
  for (const option of [['--resume'], ['--from', 'earlier']]) {
    const { code, output } = await start(command('begun', ...option, ...set('distributed.tables=sharded')), {
      env,
    }).ended;
    expect([code, output]).toEqual([
      2,
      expect.stringMatching(/Cannot start from .*earlier: tables that are spread/),
    ]);
  }
});

test('--local-cluster trains, and nothing else', async () => {
  const { code, output } = await start(command('other', '--local-cluster', 'workers=2', '--replay')).ended;
  expect([code, output]).toEqual([2, expect.stringContaining('expected a training, got --replay')]);
});

test.each([
  ['workers=0', /expected --local-cluster workers=<number>, or/],
  ['2', /got "2"/],
])('--local-cluster %s is refused', async (processes, message) => {
  const { code, output } = await start(command('refused', '--local-cluster', processes)).ended;
  expect([code, output]).toEqual([2, expect.stringMatching(message)]);
});
