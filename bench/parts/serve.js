/**
 * Requests a second and the times of their answers: dupn serve beside the same model behind FastAPI and onnxruntime, by turns, for 1, 10
 * and 100 clients. Two kinds of requests: histories of their own, and users whose histories the server keeps. Both sides must give the
 * same scores first.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import autocannon from 'autocannon';
import { freePorts } from '../../dist/distributed/address.js';
import { pythonEnvironment } from '../../test/python-environment.js';
import { dupn, runMeasured } from '../command.js';
import { median } from '../compare.js';
import { gaugeLoad } from '../load.js';
import { trainingData } from '../prepare.js';
import { say } from '../say.js';
import { ALL_THREADS } from '../threads.js';

const PACKAGES = ['fastapi', 'uvicorn[standard]', 'orjson', 'onnxruntime', 'numpy', 'pyarrow'];
const CLIENTS = [1, 10, 100];
const USERS = 512;
const CANDIDATES = 20;
const TOLERANCE = 1e-5;

const OURS = 'dupn';
const PEER = 'onnxruntime';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A bundle and ONNX graphs of one run on the data of training, which is trained where there is none. */
async function exported({ data, python }) {
  const { config, folder } = await trainingData({ data, python });
  const run = (...args) =>
    runMeasured(`dupn ${args[0]}`, python, [process.execPath, dupn, ...args], ALL_THREADS);
  if (!existsSync(join(folder, 'runs', 'bench', 'checkpoints'))) await run('train', '-c', config);
  const [bundle, onnx] = [join(folder, 'bundle'), join(folder, 'onnx')];
  for (const [format, out] of [
    ['bundle', bundle],
    ['onnx', onnx],
  ]) {
    rmSync(out, { recursive: true, force: true });
    await run('export', '-c', config, '--format', format, '--out', out);
  }
  return { bundle, onnx };
}

/** Users of the log with their events, profiles and some candidates. */
async function someUsers(data) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const table = (name) => `read_parquet('${join(data, 'training-log', `${name}.parquet`)}')`;
  const rows = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  const users = await rows(`SELECT * FROM ${table('users')} ORDER BY user_id LIMIT ${USERS}`);
  const events =
    await rows(`SELECT user_id, item_id, behavior, scenario, "time"::VARCHAR AS "time" FROM ${table('events')}
    WHERE user_id IN (SELECT user_id FROM ${table('users')} ORDER BY user_id LIMIT ${USERS}) ORDER BY "time"`);
  const items = await rows(
    `SELECT item_id FROM ${table('items')} ORDER BY item_id LIMIT ${USERS + CANDIDATES}`,
  );
  connection.closeSync();
  instance.closeSync();
  return users.map(({ user_id: user, ...profile }, at) => ({
    user,
    profile,
    history: events
      .filter(({ user_id }) => user_id === user)
      .map(({ item_id: item, behavior, scenario, time }) => ({
        item,
        time: `${time.slice(0, 19).replace(' ', 'T')}Z`,
        values: { behavior, scenario },
      })),
    candidates: { item: items.slice(at, at + CANDIDATES).map(({ item_id }) => item_id) },
  }));
}

/** Starts a side, and waits until it answers; both listen on the loopback device. */
async function start(name, command, port, env = {}) {
  const child = spawn(command[0], command.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  while (
    !(await fetch(`${url}/openapi.json`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (ended) throw new Error(`${name} ended before it answered`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    name,
    url,
    async post(path, body) {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${name} says ${response.status}: ${await response.text()}`);
      return response.json();
    },
    async close() {
      child.kill('SIGTERM');
      if (!ended) await once(child, 'exit');
    },
  };
}

async function startDupn({ bundle }) {
  const [port] = await freePorts(1);
  return start(
    OURS,
    [process.execPath, dupn, 'serve', '--bundle', bundle, '--port', `${port}`, '--log-level', 'warn'],
    port,
  );
}

async function startPeer(python, { bundle, onnx }) {
  const [port] = await freePorts(1);
  const command = [
    python,
    '-W',
    'ignore',
    pathOf('../peers/serve_onnx.py'),
    bundle,
    onnx,
    `${port}`,
    `${ALL_THREADS}`,
    '1',
  ];
  return start(PEER, command, port);
}

/** The same scores, or a comparison would mean nothing. */
async function requireEqual(ours, peer, bodies) {
  for (const body of bodies.slice(0, 20)) {
    const [mine, theirs] = await Promise.all([ours, peer].map((side) => side.post('/v1/score', body)));
    for (const [at, value] of mine.scores.ctr.entries()) {
      if (!(Math.abs(value - theirs.scores.ctr[at]) <= TOLERANCE))
        throw new Error(`dupn says ${value} of candidate ${at}, onnxruntime ${theirs.scores.ctr[at]}`);
    }
  }
}

async function load(side, bodies, connections, seconds) {
  const requests = bodies.map((body) => ({
    method: 'POST',
    path: '/v1/score',
    headers: { 'content-type': 'application/json' },
    body,
  }));
  const stop = gaugeLoad();
  // Each client begins elsewhere, so that they do not all ask of one user at a time.
  let next = 0;
  const result = await autocannon({
    url: side.url,
    connections,
    duration: seconds,
    requests: requests.slice(0, 1),
    setupClient: (client) => {
      const from = Math.floor((next++ * requests.length) / connections);
      client.setRequests([...requests.slice(from), ...requests.slice(0, from)]);
    },
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${side.name}: ${result.non2xx} refusals and ${result.errors} errors`);
  return {
    side: side.name,
    perSecond: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    ...stop(),
  };
}

/** Both sides by turns; medians of each. */
async function compare(sides, kind, bodies, { clients, rounds, seconds }) {
  const rows = [];
  for (const connections of clients) {
    const slices = [];
    for (let round = 0; round < rounds; round++) {
      for (const side of sides) slices.push(await load(side, bodies, connections, seconds));
    }
    const of = (name, key) => median(slices.filter(({ side }) => side === name).map((slice) => slice[key]));
    const speeds = Object.fromEntries(
      sides.map(({ name }) => [
        name,
        { perSecond: of(name, 'perSecond'), p50Ms: of(name, 'p50Ms'), p99Ms: of(name, 'p99Ms') },
      ]),
    );
    const ratio = speeds[OURS].perSecond / speeds[PEER].perSecond;
    rows.push({ kind, connections, speeds, ratio, slices });
    const text = (name) =>
      `${name} ${speeds[name].perSecond.toFixed(0)}/s, p50 ${speeds[name].p50Ms} ms, p99 ${speeds[name].p99Ms} ms`;
    say(`${kind}, ${connections} clients: ${text(OURS)}; ${text(PEER)}; ratio ${ratio.toFixed(2)}`);
  }
  return rows;
}

export async function serve({ quick, data }) {
  const settings = quick
    ? { clients: CLIENTS, rounds: 1, seconds: 2, warmUpSeconds: 1 }
    : { clients: CLIENTS, rounds: 3, seconds: 8, warmUpSeconds: 3 };
  const python = await pythonEnvironment('serve', PACKAGES);
  const model = await exported({ data, python });
  const users = await someUsers(data);
  const kinds = {
    history: users.map(({ user: _, ...body }) => ({ ...body, time: '2026-06-01T00:00:00Z', tasks: ['ctr'] })),
    user: users.map(({ history: _, ...body }) => ({ ...body, tasks: ['ctr'] })),
  };
  say('serving');
  const ours = await startDupn(model);
  const measured = [];
  try {
    const peer = await startPeer(python, model);
    try {
      const sides = [ours, peer];
      for (const { user, history } of users) {
        for (const side of sides) await side.post('/v1/events', { user, events: history });
      }
      for (const [kind, bodies] of Object.entries(kinds)) {
        await requireEqual(ours, peer, bodies);
        const texts = bodies.map((body) => JSON.stringify(body));
        for (const side of sides) await load(side, texts, 10, settings.warmUpSeconds);
        measured.push(...(await compare(sides, kind, texts, settings)));
      }
    } finally {
      await peer.close();
    }
  } finally {
    await ours.close();
  }
  const most = measured.filter(({ connections }) => connections === CLIENTS.at(-1));
  const ratioOf = (wanted) => most.find(({ kind }) => kind === wanted).ratio;
  return {
    settings,
    measured,
    ratios: { serveVsOnnxruntime: ratioOf('history'), serveKnownVsOnnxruntime: ratioOf('user') },
  };
}
