/** A server says what the model says: of golden requests, of users by their ids, of what was appended; and refuses what it must. */
import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GoldenRequest } from '../../src/delivery/golden.js';
import { tf } from '../../src/engine/tf.js';
import { runMain } from '../cli/collect-output.js';
import { makeServingWorld, type ServingWorld } from '../cli/serving-world.js';
import { type StartedServer, startServer } from './start-server.js';

const JUDGED = { ctr: 'item', asked: 'item', l2r: 'item', fifp: 'icon', spp: 'shop' } as const;

let world: ServingWorld;
let golden: GoldenRequest[];
let server: StartedServer;

beforeAll(async () => {
  world = await makeServingWorld();
  golden = JSON.parse(await readFile(join(world.bundle, 'golden.json'), 'utf8'));
  server = await startServer(world.bundle, { prepared: world.prepared });
});
afterAll(async () => {
  await server.close();
  await rm(world.folder, { recursive: true });
});

const isoUs = (timeUs: number) =>
  `${new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, 19)}.${`${timeUs % 1e6}`.padStart(6, '0')}Z`;

/** What a golden request of a task is as the body of a request. */
function bodyOf({ request, tasks }: GoldenRequest, task: string) {
  const candidates = tasks[task]!.map(({ candidate, features }) => ({ ...candidate, features }));
  return {
    time: isoUs(request.timeUs),
    history: request.history.map(({ timeUs, item, values }) => ({
      item: item.id,
      time: isoUs(timeUs),
      values,
      ...(item.attributes && { attributes: item.attributes }),
    })),
    profile: request.profile,
    values: request.values,
    tasks: [task],
    // What is ranked is told by its features alone.
    ...(task !== 'ppp' && {
      candidates: { [JUDGED[task as keyof typeof JUDGED]]: candidates.map((one) => ({ id: 'any', ...one })) },
    }),
  };
}

const softmax = (logits: readonly number[]) => {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};
const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

test('golden requests get their golden predictions, all of them at once', async () => {
  const asked = golden.flatMap((one) => Object.keys(one.tasks).map((task) => [one, task] as const));
  expect(new Set(asked.map(([, task]) => task)).size).toBe(6);
  const answers = await Promise.all(asked.map(([one, task]) => server.post('/v1/score', bodyOf(one, task))));
  for (const [at, [one, task]] of asked.entries()) {
    const { status, body } = answers[at]!;
    expect([status, body.error]).toEqual([200, undefined]);
    const logits = one.tasks[task]!.map((sample) => sample.logits);
    const expected = task === 'ppp' ? softmax(logits[0]!) : logits.map(([logit]) => sigmoid(logit!));
    expect(body.scores[task], `${task} of ${at}`).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    expect(body.events).toBe(one.request.history.length);
  }
});

/** Rows of a table of the log. */
async function table(name: string): Promise<Record<string, string>[]> {
  return parse(gunzipSync(await readFile(join(world.folder, 'log', `${name}.csv.gz`))), { columns: true });
}

const iso = (time: string) => `${time.replace(' ', 'T')}Z`;
const eventOf = ({ time, item_id, user_id: _, query: __, ...values }: Record<string, string>) => ({
  item: item_id!,
  time: iso(time!),
  values,
});

test('a user by id is one who brings the same history, before and after events are appended', async () => {
  const [events, users] = [await table('events'), await table('users')];
  const asking = {
    tasks: ['ctr', 'asked', 'ppp'],
    candidates: { item: ['i000001', 'i000009', 'never seen'] },
  };
  const values = { scenario: 'search' };
  const profiles = new Map(users.map(({ user_id, ...profile }) => [user_id!, profile]));
  const more = [
    {
      item: 'i000003',
      time: '2026-01-12T10:00:01Z',
      values: { behavior: 'cart', scenario: 'ad', device: 'phone' },
    },
    {
      item: 'new',
      time: '2026-01-12T10:00:00.5Z',
      values: { behavior: 'click' },
      attributes: { brand_id: 'b004' },
    },
  ];
  for (const user of ['u000001', 'u000002', 'u000043', 'nobody']) {
    const own = events.filter(({ user_id }) => user_id === user).map(eventOf);
    const byHand = async (history: readonly object[], time: string) => {
      const profile = profiles.get(user) ?? {};
      const { body } = await server.post('/v1/score', {
        time,
        history,
        profile,
        values,
        query: 'bike',
        ...asking,
      });
      return body;
    };
    const byId = async (time: string) =>
      (await server.post('/v1/score', { user, time, values, query: 'bike', ...asking })).body;
    // Twice: the second time it is remembered.
    const before = await byHand(own, '2026-01-13T00:00:00Z');
    expect(before.events).toBe(Math.min(20, own.length));
    for (let time = 0; time < 2; time++)
      expect(await byId(`2026-01-13T00:00:0${time}Z`)).toEqual(closeTo(before));
    expect((await server.post('/v1/events', { user, events: more })).body).toEqual({ accepted: 2, kept: 2 });
    const after = await byHand([...own, ...more], '2026-01-13T00:00:00Z');
    expect(after.scores).not.toEqual(before.scores);
    for (let time = 0; time < 2; time++)
      expect(await byId(`2026-01-13T00:00:0${time}Z`)).toEqual(closeTo(after));
    // Before what was appended, and within the prepared data.
    expect(await byId('2026-01-12T10:00:00Z')).toEqual(closeTo(before));
    expect(await byId('2026-01-08T12:00:00Z')).toEqual(closeTo(await byHand(own, '2026-01-08T12:00:00Z')));
  }
  // Events that are no later than the prepared data are in it.
  const { body } = await server.post('/v1/score', { user: 'u000001', ...asking });
  await server.post('/v1/events', {
    user: 'u000001',
    events: [{ item: 'i000001', time: '2026-01-06T00:00:00Z' }],
  });
  expect((await server.post('/v1/score', { user: 'u000001', ...asking })).body).toEqual(body);
});

function closeTo(answer: { scores: Record<string, number[]> }) {
  const scores = Object.fromEntries(
    Object.entries(answer.scores).map(([task, values]) => [
      task,
      values.map((value) => expect.closeTo(value, 5)),
    ]),
  );
  return { ...answer, scores };
}

test('a user whose id was held as a float somewhere is the same user', async () => {
  const events = [{ item: 'i000001', time: '2026-02-01T00:00:00Z' }];
  await server.post('/v1/events', { user: '77.0', events });
  expect((await server.post('/v1/events', { user: '77', events })).body).toEqual({ accepted: 1, kept: 2 });
  for (const user of ['77', '77.0']) {
    const { body } = await server.post('/v1/embed', { user, time: '2026-02-02T00:00:00Z' });
    expect(body.events).toBe(2);
  }
});

test('the vector of a user is the one that embed writes', async () => {
  const out = join(world.folder, 'users.npy');
  const argv = ['embed', '--bundle', world.bundle, '--prepared', world.prepared, '--out', out];
  expect((await runMain([...argv, '--log-level', 'warn'])).code).toBe(0);
  const ids = parse(await readFile(join(world.folder, 'users.ids.csv')), { columns: true }) as {
    user_id: string;
  }[];
  const file = await readFile(out);
  const values = new Float32Array(
    file.buffer.slice(file.byteOffset + 10 + file.readUInt16LE(8), file.byteOffset + file.length),
  );
  const units = values.length / ids.length;
  // Not one to whom the other test appends events.
  for (const at of [10, 20, 30]) {
    const { body } = await server.post('/v1/embed', { user: ids[at]!.user_id });
    const expected = values.subarray(at * units, (at + 1) * units);
    expect(body.vector).toEqual([...expected].map((value) => expect.closeTo(value, 4)));
  }
});

test.each([
  ['/v1/score', { user: 'u' }, 400, "body must have required property 'tasks'"],
  ['/v1/score', { tasks: ['ppp'] }, 400, "body must have required property 'user'"],
  ['/v1/score', { user: 'u', tasks: ['constructor'] }, 400, 'expected tasks of the model (ctr, '],
  ['/v1/score', { user: 'u', tasks: ['ctr'] }, 400, 'expected candidates.item, which ctr judges, got none'],
  ['/v1/score', { user: 'u', tasks: ['ctr'], candidates: { shop: [] } }, 400, 'judges, got shop'],
  ['/v1/score', { user: 'u', tasks: ['l2r'], candidates: { item: ['i'] } }, 400, 'expected the feature'],
  [
    '/v1/score',
    { user: 'u', tasks: ['ctr'], candidates: { item: [{ id: 'i', attributes: { price: 'cheap' } }] } },
    400,
    'expected a number in price, got "cheap"',
  ],
  [
    '/v1/score',
    { user: 'u', tasks: ['ppp'], values: { scenario: ['a'] } },
    400,
    'expected a text or a number in scenario',
  ],
  ['/v1/score', { user: 7, tasks: ['ppp'] }, 400, 'body/user must be string'],
  ['/v1/score', { user: 'u', tasks: ['ppp'], more: 1 }, 400, 'body must NOT have additional properties'],
  ['/v1/score', { user: 'u', tasks: ['ppp'], time: 'now' }, 400, 'body/time must match format "date-time"'],
  [
    '/v1/score',
    { user: 'u', tasks: ['ppp'], time: '1969-01-01T00:00:00Z' },
    400,
    'expected a time from 1970 to 2106 in time',
  ],
  [
    '/v1/score',
    { user: 'u', tasks: ['ctr'], candidates: { item: Array(600).fill('i'), shop: Array(600).fill('s') } },
    400,
    'expected at most 1000 candidates, got 1200',
  ],
  ['/v1/score', '{"user"', 400, 'Body is not valid JSON'],
  ['/v1/score', { user: 'u', tasks: ['ppp'], query: 'x'.repeat(2 ** 20) }, 413, 'Request body is too large'],
  [
    '/v1/events',
    { user: 'u', events: [{ item: 'i', time: '2016-12-31T23:59:60Z' }] },
    400,
    'in the time of event 0, got 2016',
  ],
  [
    '/v1/events',
    { user: 'u', events: [{ item: 'i', time: '2026-01-01T00:00:00Z', values: { behavior: ['a'] } }] },
    400,
    'expected a text or a number in behavior',
  ],
  ['/v1/none', {}, 404, 'POST /v1/none is no route'],
] as const)('%s refuses bad request %#', async (path, body, status, message) => {
  const answer = await server.post(path, body);
  expect([answer.status, Object.keys(answer.body), answer.body.error.message]).toEqual([
    status,
    ['error'],
    expect.stringContaining(message),
  ]);
  expect(answer.body.error.code).toMatch(/^[a-z_]+$/);
});

test('what is no JSON is refused, and what is no HTTP', async () => {
  const { status, body } = await server.post('/v1/score', 'user=u', { 'content-type': 'text/csv' });
  expect([status, body.error.code]).toEqual([415, 'unsupported_media_type']);
  const raw = await new Promise<string>((resolve) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write('HELO\r\n\r\n'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });
  expect(raw).toMatch(/^HTTP\/1.1 400 /);
  expect(raw).toContain('{"error":{"code":"invalid_request"');
});

test('a body that does not come is given up', async () => {
  const slow = await startServer(world.bundle, { timeoutMs: 300 });
  const raw = await new Promise<string>((resolve) => {
    const socket = connect(Number(new URL(slow.url).port), '127.0.0.1', () =>
      socket.write(
        'POST /v1/score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
      ),
    );
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });
  expect(raw).toMatch(/^HTTP\/1.1 408 [\s\S]*"code":"timeout"/);
  await slow.close();
});

test('only who has a key is answered, but for the probes', async () => {
  const locked = await startServer(world.bundle, { keys: 'one,two' });
  const body = { user: 'u', tasks: ['ppp'] };
  const { status, headers, body: refused } = await locked.post('/v1/score', body);
  expect([status, headers.get('www-authenticate'), refused.error.code]).toEqual([
    401,
    'Bearer',
    'unauthorized',
  ]);
  expect((await locked.post('/v1/score', body, { authorization: 'Bearer three' })).status).toBe(401);
  for (const key of ['one', 'two']) {
    expect((await locked.post('/v1/score', body, { authorization: `Bearer ${key}` })).status).toBe(200);
  }
  const paths = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/none'];
  const answers = await Promise.all(paths.map((path) => locked.get(path)));
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 401, 401, 401]);
  await locked.close();
});

test('more than may wait is told to come again, and the rest is answered', async () => {
  const small = await startServer(world.bundle, { queue: 3, batchMs: 200 });
  const body = { user: 'u', tasks: ['ppp'] };
  const answers = await Promise.all(Array.from({ length: 20 }, () => small.post('/v1/score', body)));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers, body } of refused) {
    expect([headers.get('retry-after'), body.error.code]).toEqual(['1', 'overloaded']);
  }
  expect(answers.filter(({ status }) => status === 200).length).toBe(20 - refused.length);
  await small.close();
});

test('a bundle that is swapped under load answers every request, and the older one is let go of', async () => {
  const swapped = await startServer(world.bundle, { prepared: world.prepared });
  const tensors = tf.memory().numTensors;
  const body = { user: 'u000005', tasks: ['ctr'], candidates: { item: ['i000001'] } };
  const expected = (await swapped.post('/v1/score', body)).body.scores;
  let loading = true;
  let answered = 0;
  const client = async () => {
    while (loading) {
      const { status, body: got } = await swapped.post('/v1/score', body);
      expect([status, got.scores]).toEqual([200, { ctr: [expect.closeTo(expected.ctr[0], 5)] }]);
      answered++;
    }
  };
  const clients = Promise.all([client(), client(), client(), client()]);
  for (let time = 0; time < 3; time++) await swapped.models.reload();
  loading = false;
  await clients;
  expect(answered).toBeGreaterThan(20);
  expect(tf.memory().numTensors).toBe(tensors);
  expect((await swapped.get('/metrics')).body).toContain(
    'dupn_reloads_total{variant="default",result="replaced"} 3',
  );
  await swapped.close();
});

/** Sends the start of a request, and goes. */
async function sendAndGo(url: string, text: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await new Promise<void>((resolve) => socket.write(text, () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
}

test('clients that go before they are answered hold nothing up, and are counted', async () => {
  const left = await startServer(world.bundle, { batchMs: 300, timeoutMs: 5000 });
  const body = JSON.stringify({ user: 'u', tasks: ['ppp'] });
  const head = `POST /v1/score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  await sendAndGo(left.url, head + body);
  await sendAndGo(left.url, head + body + head + body);
  await sendAndGo(left.url, `${head}{`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const gone =
    /^dupn_http_request_duration_seconds_count\{route="\/v1\/score",method="POST",status="499"\} (\d+)$/m;
  expect(Number(gone.exec((await left.get('/metrics')).body)?.[1])).toBeGreaterThanOrEqual(3);
  const startMs = performance.now();
  await left.close();
  expect(performance.now() - startMs).toBeLessThan(4000);
});

test('a model whose thread ends is told of, what waits for it gets 503, and a reload replaces it', async () => {
  let worker: Worker | null = null;
  process.once('worker', (started) => {
    worker = started;
  });
  const broken = await startServer(world.bundle, { batchMs: 200 });
  const body = { user: 'u', tasks: ['ppp'] };
  expect((await broken.post('/v1/score', body)).status).toBe(200);
  const waiting = [broken.post('/v1/score', body), broken.post('/v1/score', body)];
  await new Promise((resolve) => setTimeout(resolve, 50));
  void worker!.terminate();
  for (const { status, body } of await Promise.all(waiting)) {
    expect([status, body.error.code]).toEqual([503, 'unavailable']);
  }
  const { variant, cause } = await broken.models.failed;
  expect([variant, cause.message]).toEqual(['default', 'the thread of the model ended (1)']);
  expect((await broken.get('/readyz')).status).toBe(503);
  await broken.models.reload();
  expect((await broken.post('/v1/score', body)).status).toBe(200);
  await broken.close();
});

test('the document is what requests are checked by', async () => {
  const { body } = await server.get('/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  expect(Object.keys(body.paths)).toEqual([
    '/v1/score',
    '/v1/embed',
    '/v1/events',
    '/healthz',
    '/readyz',
    '/metrics',
  ]);
  const content = body.paths['/v1/score'].post.requestBody.content['application/json'];
  expect(content.schema.properties.candidates.additionalProperties.maxItems).toBe(1000);
  const examples = Object.values(content.examples) as { value: object }[];
  expect(examples.length).toBe(2);
  for (const { value } of examples) expect((await server.post('/v1/score', value)).status).toBe(200);
});
