/** A model that reads histories directly: served, by id and with a history, it says what was trained, and its batches keep what they need. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GoldenRequest } from '../../src/delivery/golden.js';
import { runMain } from '../cli/collect-output.js';
import { makeServingWorld, type ServingWorld } from '../cli/serving-world.js';
import { type StartedServer, startServer } from './start-server.js';

let world: ServingWorld;
let server: StartedServer;

beforeAll(async () => {
  world = await makeServingWorld(', preset: direct');
  server = await startServer(world.bundle, { prepared: world.prepared });
});
afterAll(async () => {
  await server.close();
  await rm(world.folder, { recursive: true });
});

test('a user by id is one who brings the same history, the second time too', async () => {
  const text = gunzipSync(await readFile(join(world.folder, 'log/events.csv.gz')));
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  const users = parse(gunzipSync(await readFile(join(world.folder, 'log/users.csv.gz'))), {
    columns: true,
  }) as Record<string, string>[];
  const asking = {
    tasks: ['ctr', 'asked', 'spp', 'ppp'],
    candidates: { item: ['i000001', 'i000009', 'never seen'], shop: ['s0001', 's0002'] },
    time: '2026-01-10T00:00:00Z',
    values: { scenario: 'search' },
    query: 'bike',
  };
  const scoresOf = async (more: object) => (await server.post('/v1/score', { ...asking, ...more })).body;
  const all: number[] = [];
  for (const user of ['u000001', 'u000002', 'u000043']) {
    const own = rows.filter((row) => row.user_id === user && row.time! < '2026-01-10');
    const { user_id: _, ...profile } = users.find((row) => row.user_id === user)!;
    // An item that the user has met is a match of its id.
    const met = own.at(-1)!.item_id!;
    const candidates = { ...asking.candidates, item: [...asking.candidates.item, met] };
    const history = own.map(({ time, item_id, user_id: _u, query: _q, ...values }) => ({
      item: item_id!,
      time: `${time!.replace(' ', 'T')}Z`,
      values,
    }));
    const expected = await scoresOf({ history, profile, candidates });
    for (let time = 0; time < 2; time++) {
      const got = await scoresOf({ user, candidates });
      for (const task of asking.tasks) {
        expect(got.scores[task], `${task} of ${user}`).toEqual(
          expected.scores[task].map((value: number) => expect.closeTo(value, 5)),
        );
      }
    }
    all.push(...expected.scores.ctr);
  }
  expect(new Set(all).size).toBe(all.length);
});

test('golden requests hold in a bundle and in ONNX graphs, and predict says the same', async () => {
  const golden: GoldenRequest[] = JSON.parse(await readFile(join(world.bundle, 'golden.json'), 'utf8'));
  expect(golden.length).toBeGreaterThan(5);
  const out = join(world.folder, 'onnx');
  const exported = await runMain(['export', '--format', 'onnx', ...world.config, '--out', out, '--json']);
  expect(exported.code).toBe(0);
  const file = join(world.folder, 'ask.jsonl');
  const ask = { user_id: 'u000001', time: '2026-01-10 00:00:00', query: 'bike', candidates: ['i000001'] };
  await writeFile(file, `${JSON.stringify(ask)}\n`);
  const predicted = await runMain([
    ...['predict', '--bundle', world.bundle, '--prepared', world.prepared, '--task', 'ctr'],
    ...['--in', file],
  ]);
  expect(predicted.code).toBe(0);
  const { body } = await server.post('/v1/score', {
    user: 'u000001',
    time: '2026-01-10T00:00:00Z',
    query: 'bike',
    tasks: ['ctr'],
    candidates: { item: ['i000001'] },
  });
  const [row] = parse(predicted.stdout, { columns: true }) as { prediction: string }[];
  expect(Number(row!.prediction)).toBeCloseTo(body.scores.ctr[0], 5);
});
