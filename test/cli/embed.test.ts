import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBatchBuilder } from '../../src/dataset/batch-builder.js';
import { openNames } from '../../src/dataset/names.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { withDatabase } from '../../src/delivery/database.js';
import { loadCheckpoint } from '../../src/model/checkpoint.js';
import { representBatch } from '../../src/model/represent.js';
import { runMain } from './collect-output.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;

let folder: string;
let config: string[];

async function json(command: string, ...rest: string[]) {
  const output = await runMain([command, ...config, ...rest, '--json', '--log-level', 'silent']);
  expect([output.code, output.stderr]).toEqual([0, '']);
  return JSON.parse(output.stdout);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-embed-'));
  expect(
    (await runMain(['generate', '--out', join(folder, 'log'), '--users', '60', '--days', '6'])).code,
  ).toBe(0);
  const file = join(folder, 'shop.yaml');
  await writeFile(
    file,
    `extends: ${quickstart}
name: shop
data: { root: ${join(folder, 'log')} }
features: { ranking: null, query: null, user: { scenario: null, phone: { column: device, from: lastEvent } } }
split: { trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2 }
tasks: { l2r: null, fifp: null, spp: null, ctr: { query: none } }
entities: null
model: { units: 8, attentionUnits: 8, userUnits: 6, candidateUnits: { item: 8 }, maxEvents: 20 }
train: { epochs: 1 }
preprocess: { folder: ${join(folder, 'prepared')} }
run: { folder: ${join(folder, 'runs')} }
`,
  );
  config = ['-c', file];
  for (const command of ['preprocess', 'train']) await json(command);
});
afterAll(() => rm(folder, { recursive: true }));

/** The array of a .npy file, and the ids beside it. */
async function npy(path: string) {
  const bytes = await readFile(path);
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]));
  const start = 10 + bytes.readUInt16LE(8);
  expect(start % 64).toBe(0);
  const header = bytes.toString('latin1', 10, start);
  const [, rows, units] = /'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/
    .exec(header)!
    .map(Number);
  const values = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length),
  );
  expect(values.length).toBe(rows! * units!);
  const ids = (await readFile(path.replace('.npy', '.ids.csv'), 'utf8')).trim().split('\n').slice(1);
  expect(ids.length).toBe(rows);
  return new Map(ids.map((id, at) => [id, [...values.subarray(at * units!, (at + 1) * units!)]]));
}

async function parquet(path: string) {
  return withDatabase(async (connection) => {
    const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
    return new Map(
      reader.getRowsJson().map(([id, vector]) => [String(id), (vector as string[]).map(Number)]),
    );
  });
}

/** What the training side makes of the requests of a time: user id -> representation. */
async function represented(): Promise<Map<string, { time: number; vector: number[] }>> {
  const prepared = openPrepared(join(folder, 'prepared/shop'));
  const names = await openNames(prepared.folder);
  const { weights } = await loadCheckpoint(join(folder, 'runs/shop/checkpoints/best'), null);
  try {
    const requests = Int32Array.from({ length: prepared.manifest.requests }, (_, at) => at);
    const batch = createBatchBuilder(prepared).build(requests, [], 20);
    const values = representBatch(weights, batch, 'none');
    const users = await names.userIds([...requests].map((request) => prepared.requests.user.at(request)));
    return new Map(
      [...requests].map((request) => [
        users.get(prepared.requests.user.at(request))!,
        {
          time: prepared.requests.time.at(request),
          vector: [...values.subarray(14 * request, 14 * (request + 1))],
        },
      ]),
    );
  } finally {
    names.close();
    weights.dispose();
    prepared.close();
  }
}

test('a user at the moment of a request has the representation of that request', async () => {
  const requests = await represented();
  expect(requests.size).toBeGreaterThan(30);
  let compared = 0;
  for (const [user, { time, vector }] of [...requests].slice(0, 6)) {
    const out = join(folder, `at-${compared++}.npy`);
    const at = new Date(1000 * time).toISOString().slice(0, 19).replace('T', ' ');
    await json('embed', '--out', out, '--at', at);
    expect((await npy(out)).get(user)).toEqual(vector.map((value) => expect.closeTo(value, 5)));
  }
});

test('by default all users at the end of the log, in both formats the same', async () => {
  const [array, table] = [join(folder, 'users.npy'), join(folder, 'users.parquet')];
  const result = await json('embed', '--out', array);
  expect(result).toMatchObject({ rows: 60, units: 14, out: array });
  expect(result.perSecond).toBeGreaterThan(0);
  await json('embed', '--out', table);
  const [a, b] = [await npy(array), await parquet(table)];
  expect([...a.keys()]).toEqual([...b.keys()]);
  expect(a.size).toBe(60);
  for (const [id, vector] of a) expect(b.get(id)).toEqual(vector.map((value) => expect.closeTo(value, 6)));
  // After the end nothing changes, before it does.
  await json('embed', '--out', array, '--at', '2026-03-01', '--force');
  expect(await npy(array)).toEqual(a);
  await json('embed', '--out', array, '--at', '2026-01-07', '--force');
  expect(await npy(array)).not.toEqual(a);
});

test('items, and the nearest of one by the cosine of their vectors', async () => {
  const out = join(folder, 'items.npy');
  const result = await json('embed', '--items', '--out', out, '--nearest', 'i000003');
  const items = await npy(out);
  expect(result).toMatchObject({ rows: items.size, units: 124 });
  const own = items.get('i000003')!;
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, at) => sum + x * b[at]!, 0);
  const cosines = [...items]
    .filter(([id]) => id !== 'i000003')
    .map(([id, vector]) => ({
      id,
      cosine: dot(own, vector) / Math.sqrt(dot(own, own) * dot(vector, vector)),
    }))
    .sort((a, b) => b.cosine - a.cosine);
  expect(result.nearest).toEqual(
    cosines.slice(0, 10).map(({ id, cosine }) => ({ id, cosine: expect.closeTo(cosine, 5) })),
  );
  const text = await runMain(['embed', ...config, '--nearest', 'i000003', '--log-level', 'silent']);
  expect(text.stdout).toContain(`${cosines[0]!.id}  ${cosines[0]!.cosine.toFixed(4)}`);
});

test('what cannot be embedded is refused', async () => {
  const refusal = async (...rest: string[]) => {
    const output = await runMain(['embed', ...config, '--log-level', 'silent', ...rest]);
    expect([output.code, output.stdout]).toEqual([2, '']);
    return output.stderr;
  };
  const out = (name: string) => ['--out', join(folder, name)];
  expect(await refusal(...out('x.txt'))).toContain('expected a name that ends in .parquet or .npy');
  expect(await refusal()).toContain('expected --out FILE, or --nearest ITEM');
  expect(await refusal(...out('x.npy'), '--at', 'soon')).toContain('got --at soon');
  expect(await refusal('--nearest', 'nothing')).toContain('expected an item of the model');
  const bundle = join(folder, 'bundle');
  await json('export', '--out', bundle);
  const alone = await runMain(['embed', '--bundle', bundle, ...out('y.npy'), '--log-level', 'silent']);
  expect([alone.code, alone.stderr]).toEqual([
    2,
    expect.stringContaining('required prepared data with their histories'),
  ]);
  const other = await runMain([
    'embed',
    '--bundle',
    bundle,
    '--prepared',
    folder,
    ...out('y.npy'),
    '--log-level',
    'silent',
  ]);
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringContaining('expected prepared data, got none'),
  ]);
});
