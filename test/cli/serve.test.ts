/** The process: it ends, reloads, spreads users and refuses options as it should. */
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assignBy } from '../../src/serving/variants.js';
import { clientOf } from '../serving/start-server.js';
import { runMain } from './collect-output.js';
import { makeServingWorld, type ServingWorld } from './serving-world.js';
import { spawnServer } from './spawn-server.js';

let world: ServingWorld;
beforeAll(async () => {
  world = await makeServingWorld();
});
afterAll(() => rm(world.folder, { recursive: true }));

const body = { user: 'u000001', tasks: ['ctr'], candidates: { item: ['i000001', 'i000002'] } };

test('on SIGTERM what was taken is answered, what is new is refused', async () => {
  const server = await spawnServer(['--bundle', world.bundle, '--batch-ms', '700']);
  const { post, get } = clientOf(server.url);
  const taken = Array.from({ length: 20 }, () => post('/v1/score', body));
  await new Promise((resolve) => setTimeout(resolve, 300));
  // Two at once are one: npm hands on what a terminal has sent already.
  server.child.kill('SIGTERM');
  server.child.kill('SIGINT');
  await server.said(/: answering what was taken$/);
  const late = await post('/v1/score', body);
  expect([late.status, late.body.error.code]).toEqual([503, 'unavailable']);
  expect((await get('/readyz')).status).toBe(503);
  const answers = await Promise.all(taken);
  expect(answers.map(({ status }) => status)).toEqual(taken.map(() => 200));
  expect(await server.ended).toBe(0);
});

test('SIGTERM under load loses nothing: every request is answered, or refused and not taken', async () => {
  const exposures = join(world.folder, 'stopped.jsonl');
  const served = ['--bundle', world.bundle, '--prepared', world.prepared, '--exposures', exposures];
  const server = await spawnServer(served);
  const { post } = clientOf(server.url);
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  let stopped = false;
  const client = async (at: number) => {
    for (let asked = 0; !stopped; asked++) {
      try {
        const { status } = await post('/v1/score', { ...body, user: `u${(at * 31 + asked) % 100}` });
        count(String(status));
      } catch (error) {
        count(((error as Error).cause as NodeJS.ErrnoException).code ?? 'lost');
        // The port is closed: there is nobody who could lose anything.
        return;
      }
    }
  };
  const clients = Array.from({ length: 32 }, (_, at) => client(at));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  server.child.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  stopped = true;
  await Promise.all(clients);
  expect(counts['200']).toBeGreaterThan(32);
  expect(counts['503']).toBeGreaterThan(0);
  // A connection that nobody has accepted when the port closes is reset by the system, one that idled for the whole farewell (of a client
  // that had no processor) is closed by the server: what then comes on it was not taken either, as the exposures say below.
  const refused = ['503', 'ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET'];
  expect(Object.keys(counts).filter((what) => what !== '200' && !refused.includes(what))).toEqual([]);
  const taken = (await readFile(exposures, 'utf8')).trimEnd().split('\n');
  expect(taken).toHaveLength(counts['200']!);
});

test('on SIGHUP a new bundle is taken into use under load, and one that does not hold is not', async () => {
  const used = join(world.folder, 'used');
  const exportTo = (folder: string) =>
    runMain(['export', ...world.config, '--out', folder, '--force', '--log-level', 'warn']);
  expect((await exportTo(used)).code).toBe(0);
  const server = await spawnServer(['--bundle', used]);
  const { post, get } = clientOf(server.url);
  const statuses = new Set<number>();
  let loading = true;
  const client = async () => {
    while (loading) statuses.add((await post('/v1/score', body)).status);
  };
  const clients = Promise.all([client(), client(), client()]);
  expect((await exportTo(used)).code).toBe(0);
  server.child.kill('SIGHUP');
  await server.said(/^default: a new bundle is in use$/);
  await rename(join(used, 'golden.json'), join(used, 'gone.json'));
  server.child.kill('SIGHUP');
  const refused = await server.said(/the bundle in use stays/);
  expect(refused.msg).toContain('golden.json');
  loading = false;
  await clients;
  expect([...statuses]).toEqual([200]);
  const { body: metrics } = await get('/metrics');
  expect(metrics).toContain('dupn_reloads_total{variant="default",result="replaced"} 1');
  expect(metrics).toContain('dupn_reloads_total{variant="default",result="refused"} 1');
  server.child.kill('SIGINT');
  expect(await server.ended).toBe(0);
});

test('signals that come while a bundle is opened are one reload more', async () => {
  const server = await spawnServer(['--bundle', world.bundle]);
  for (let time = 0; time < 6; time++) {
    server.child.kill('SIGHUP');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await server.said(/^default: a new bundle is in use$/);
  server.child.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(server.messages().filter((msg) => /a new bundle is in use/.test(msg)).length).toBeLessThanOrEqual(2);
});

test('a process whose model is gone ends, and says so by its exit code', async () => {
  const end = `data:text/javascript,process.on('worker',(worker)=>process.on('SIGUSR2',()=>worker.terminate()))`;
  const server = await spawnServer(['--bundle', world.bundle], { NODE_OPTIONS: `--import=${end}` });
  const { post } = clientOf(server.url);
  expect((await post('/v1/score', body)).status).toBe(200);
  server.child.kill('SIGUSR2');
  await server.said(/^default: the thread of the model ended \(1\); the server stops$/);
  const { status, body: refused } = await post('/v1/score', body);
  expect([status, refused.error.code]).toEqual([503, 'unavailable']);
  expect(await server.ended).toBe(1);
});

test('a file of exposures that cannot be written ends the process before a model is opened', async () => {
  await expect(spawnServer(['--bundle', world.bundle, '--exposures', world.folder])).rejects.toThrow(
    `Cannot write exposures to ${world.folder}`,
  );
});

test('users are spread over bundles, told which, and written down', async () => {
  const exposures = join(world.folder, 'exposures.jsonl');
  const server = await spawnServer(
    [
      ...['--bundle', `old=${world.bundle}`, '--bundle', `new=${world.bundle}`, '--split', 'old=3,new=1'],
      ...['--salt', 'spring', '--exposures', exposures, '--prepared', `new=${world.prepared}`],
    ],
    { DUPN_API_KEYS: 'secret' },
  );
  const { post, get } = clientOf(server.url);
  const key = { authorization: 'Bearer secret' };
  expect((await post('/v1/score', body)).status).toBe(401);
  const users = Array.from({ length: 60 }, (_, at) => `u${String(at + 1).padStart(6, '0')}`);
  const assign = assignBy('spring', [
    { name: 'old', share: 3 },
    { name: 'new', share: 1 },
  ]);
  const answers = await Promise.all(users.map((user) => post('/v1/score', { ...body, user }, key)));
  expect(answers.map((answer) => answer.body.variant)).toEqual(users.map(assign));
  expect(new Set(users.map(assign)).size).toBe(2);
  // The one without prepared data knows no histories.
  for (const { body } of answers) expect(body.events > 0).toBe(body.variant === 'new');
  const alone = await post('/v1/score', { ...body, user: undefined, history: [] }, key);
  expect([alone.status, alone.body.error.message]).toEqual([400, expect.stringContaining('expected a user')]);
  expect(Object.keys((await get('/readyz')).body.models)).toEqual(['old', 'new']);
  server.child.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  const lines = (await readFile(exposures, 'utf8')).trim().split('\n');
  const written = lines.map((line) => JSON.parse(line) as { user: string; variant: string; tasks: string[] });
  expect(written.map(({ user }) => user).sort()).toEqual(users);
  for (const { user, variant, tasks } of written) expect([variant, tasks]).toEqual([assign(user), ['ctr']]);
});

test.each([
  [['--bundle', 'BUNDLE', '--host', '0.0.0.0'], 'Cannot serve on 0.0.0.0: expected keys in DUPN_API_KEYS'],
  [['--bundle', 'a', '--bundle', 'b'], 'Cannot serve: expected a name for each of several bundles'],
  [
    ['--bundle', 'a=x', '--bundle', 'a=y', '--salt', 's'],
    'expected another name for each bundle, got a twice',
  ],
  [['--bundle', 'a=x', '--bundle', 'b=y'], 'expected --salt with several bundles'],
  [
    ['--bundle', 'a=x', '--bundle', 'b=y', '--salt', 's', '--split', 'a=1'],
    'expected one share of b in --split, got a=1',
  ],
  [
    ['--bundle', 'a=x', '--bundle', 'b=y', '--salt', 's', '--split', 'a=1,c=1'],
    'expected shares of a, b such as --split a=90,..., got c',
  ],
  [['--bundle', 'a=x', '--bundle', 'b=y', '--salt', 's', '--split', 'a=0,b=0'], 'expected a share above 0'],
  [['--bundle', 'x', '--split', 'a=1'], 'expected several bundles with --split and --salt, got one'],
  [['--bundle', 'x', '--prepared', 'b=y'], 'expected --prepared of default, got b'],
  [['--bundle', 'nowhere'], 'Cannot open the bundle nowhere'],
  [['--bundle', 'x', '--port', '65536'], 'expected a whole number from 0 to 65535'],
  [['--bundle', 'x', '--timeout-ms', '3600001'], 'expected a whole number from 1 to 3600000'],
  [['--bundle', 'x', '--batch-ms', '50', '--timeout-ms', '50'], 'expected --batch-ms below --timeout-ms'],
  [['--bundle', 'x', '--queue', '0'], 'expected a whole number from 1'],
] as const)('%j is refused', async (argv, message) => {
  const output = await runMain([
    'serve',
    ...argv.map((part) => part.replace('BUNDLE', world.bundle)),
    '--log-level',
    'silent',
  ]);
  expect([output.code, output.stdout]).toEqual([2, '']);
  expect(output.stderr).toContain(message);
});
