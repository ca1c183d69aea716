/** One model, asked in every way that there is: eval, predict, a bundle's golden requests and ONNX must say the same. */
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withDatabase } from '../../src/delivery/database.js';
import type { GoldenRequest } from '../../src/delivery/golden.js';
import { runGolden } from '../delivery/run-onnx.js';
import { runMain } from './collect-output.js';

const quickstart = new URL('../../configs/quickstart.yaml', import.meta.url).pathname;
const TASKS = ['ctr', 'asked', 'ppp', 'fifp', 'spp'] as const;
const FILES = {
  ctr: 'impressions',
  asked: 'impressions',
  ppp: 'price_samples',
  fifp: 'icon_samples',
  spp: 'shop_samples',
};

let folder: string;
let config: string[];
let bundle: string;
let golden: GoldenRequest[];

async function json(command: string, ...rest: string[]) {
  const output = await runMain([command, ...rest, '--json', '--log-level', 'warn']);
  expect([output.code, output.code === 0 ? '' : output.stderr]).toEqual([0, '']);
  return JSON.parse(output.stdout);
}

async function refusal(command: string, ...rest: string[]): Promise<string> {
  const output = await runMain([command, ...rest, '--log-level', 'silent']);
  expect([output.code, output.stdout]).toEqual([2, '']);
  return output.stderr;
}

type Row = Readonly<Record<string, string | number | null>>;

async function parquet(path: string): Promise<Row[]> {
  return withDatabase(async (connection) => {
    const reader = await connection.runAndReadAll(
      `SELECT * REPLACE ("time"::VARCHAR AS "time") FROM read_parquet('${path}')`,
    );
    return reader.getRowObjects() as unknown as Row[];
  });
}

const log = (name: string) => join(folder, 'log', `${name}.csv.gz`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-predict-'));
  expect(
    (await runMain(['generate', '--out', join(folder, 'log'), '--users', '80', '--days', '6'])).code,
  ).toBe(0);
  const file = join(folder, 'shop.yaml');
  await writeFile(
    file,
    `extends: ${quickstart}
name: shop
data: { root: ${join(folder, 'log')} }
features: { user: { phone: { column: device, from: lastEvent } }, itemNumbers: { price: { scale: log } } }
split: { trainingFrom: 2026-01-06, evaluationFrom: 2026-01-10, validationUsers: 0.2 }
tasks:
  asked: { kind: binary, query: candidate, classWeights: [1, 2], samples: { files: impressions.csv.gz, request: request_id } }
model: { units: 8, attentionUnits: 8, userUnits: 8, candidateUnits: { item: 8 }, maxEvents: 20 }
train: { epochs: 2, learningRate: 0.01 }
eval: { bootstrapSamples: 20 }
preprocess: { folder: ${join(folder, 'prepared')} }
run: { folder: ${join(folder, 'runs')} }
`,
  );
  config = ['-c', file];
  bundle = join(folder, 'bundle');
  for (const command of ['preprocess', 'train', 'eval']) await json(command, ...config);
  const exported = await json('export', ...config, '--out', bundle);
  expect(exported.golden.samples).toBeGreaterThan(50);
  golden = JSON.parse(await readFile(join(bundle, 'golden.json'), 'utf8'));
});
afterAll(() => rm(folder, { recursive: true }));

const keyOf = ({ request_id, user_id, time, candidate }: Row) =>
  [request_id ?? '', user_id, String(time).replace('T', ' ').replace('Z', ''), candidate ?? ''].join(' ');
const valuesOf = (row: Row) =>
  Object.entries(row)
    .filter(([name]) => /^(prediction|probability_)/.test(name))
    .map(([, value]) => Number(value));

test.each(TASKS)('predict says of the evaluation samples of %s what eval said', async (task) => {
  const expected = await parquet(join(folder, 'runs/shop/eval/predictions', `${task}.parquet`));
  const fromRun = join(folder, `${task}.parquet`);
  const result = await json('predict', ...config, '--task', task, '--in', log(FILES[task]), '--out', fromRun);
  expect(result).toMatchObject({ task, rejected: 0, unknown: { users: 0 } });
  const fromBundle = join(folder, `${task}.csv`);
  const prepared = join(folder, 'prepared/shop');
  await json(
    'predict',
    '--bundle',
    bundle,
    '--prepared',
    prepared,
    '--task',
    task,
    '--in',
    log(FILES[task]),
    '--out',
    fromBundle,
  );
  const csv = parse(await readFile(fromBundle, 'utf8'), { columns: true }) as Row[];
  expect(expected.length).toBeGreaterThan(20);
  for (const rows of [await parquet(fromRun), csv]) {
    expect(rows.length).toBe(result.rows);
    const byKey = new Map(rows.map((row) => [keyOf(row), valuesOf(row)]));
    for (const row of expected) {
      expect(byKey.get(keyOf(row)), keyOf(row)).toEqual(
        valuesOf(row).map((value) => expect.closeTo(value, 5)),
      );
    }
  }
});

/** What ONNX and predict have to say of the golden samples of a task. */
function expectedOf(task: string, corrections: { readonly outputs: number }): number[] {
  return golden.flatMap(({ tasks }) =>
    (tasks[task] ?? []).flatMap(({ logits }) => {
      if (corrections.outputs === 1) return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
      const powers = logits.map(Math.exp);
      const sum = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / sum);
    }),
  );
}

test('ONNX says of the golden samples what the bundle says', async () => {
  const out = join(folder, 'onnx');
  await json('export', ...config, '--format', 'onnx', '--out', out);
  const answers = await runGolden(out);
  expect(Object.keys(answers).sort()).toEqual([...TASKS, 'l2r'].sort());
  for (const [task, { logits, probability }] of Object.entries(answers)) {
    const expected = golden.flatMap(({ tasks }) => (tasks[task] ?? []).flatMap((sample) => sample.logits));
    expect(logits).toEqual(expected.map((logit) => expect.closeTo(logit, 5)));
    const wanted = expectedOf(task, { outputs: task === 'ppp' ? 7 : 1 });
    expect(probability).toEqual(wanted.map((value) => expect.closeTo(value, 5)));
  }
});

const iso = (timeUs: number) => new Date(timeUs / 1000).toISOString().slice(0, 19);

/** The golden requests of a task as lines that bring their own histories. */
const linesOf = (task: string, candidate: string | null) =>
  golden.flatMap(({ request, tasks }, at) => {
    const samples = tasks[task];
    if (!samples) return [];
    const candidates = samples.map(({ candidate: row, features }) => ({
      [candidate!]: row?.id,
      attributes: row?.attributes ?? {},
      ...features,
    }));
    return JSON.stringify({
      ...request.values,
      request_id: `golden ${at}`,
      user_id: 'someone',
      time: iso(request.timeUs),
      history: request.history.map(({ timeUs, item, values }) => ({
        ...values,
        time: iso(timeUs),
        item_id: item.id,
        ...(item.attributes && { attributes: item.attributes }),
      })),
      profile: request.profile,
      ...(candidate !== null && { candidates }),
    });
  });

test.each([
  ['ctr', 'item_id'],
  ['asked', 'item_id'],
  ['l2r', 'item_id'],
  ['ppp', null],
  ['fifp', 'icon_id'],
  ['spp', 'shop_id'],
] as const)(
  'predict says of golden requests of %s with histories of their own what they say',
  async (task, candidate) => {
    const lines = linesOf(task, candidate);
    const input = join(folder, `${task}.jsonl`);
    await writeFile(input, `${lines.join('\n')}\n`);
    const out = join(folder, `${task}-own.jsonl`);
    const result = await json('predict', '--bundle', bundle, '--task', task, '--in', input, '--out', out);
    expect(result).toMatchObject({ rows: lines.length, requests: lines.length, rejected: 0 });
    // The same in Parquet, where histories are lists of structures.
    const table = join(folder, `${task}-own.parquet`);
    await withDatabase(async (connection) => {
      const lines = `read_json('${input}', format = 'newline_delimited')`;
      await connection.run(`COPY (SELECT * FROM ${lines}) TO '${table}'`);
    });
    const again = join(folder, `${task}-again.jsonl`);
    await json('predict', '--bundle', bundle, '--task', task, '--in', table, '--out', again);
    expect(await readFile(again, 'utf8')).toBe(await readFile(out, 'utf8'));
    const rows = (await readFile(out, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    const expected = expectedOf(task, { outputs: task === 'ppp' ? 7 : 1 });
    expect(expected.length).toBeGreaterThan(9);
    expect(rows.flatMap(valuesOf)).toEqual(expected.map((value) => expect.closeTo(value, 5)));
  },
);

test('from stdin to stdout, with bad rows told of by line', async () => {
  const all = gunzipSync(await readFile(log('impressions')))
    .toString()
    .split('\n');
  const [header, first, second] = all as [string, string, string];
  const input = [header, first, 'a,b', second.replace(/2026-[^,]*/, 'yesterday'), second].join('\n');
  const argv = ['predict', ...config, '--task', 'ctr', '--in', '-', '--set', 'data.maxRejectRatio=0.5'];
  const output = await runMain(argv, {}, input);
  expect(output.code).toBe(0);
  const rows = parse(output.stdout, { columns: true }) as Row[];
  expect(rows.map(({ candidate }) => candidate)).toEqual([first, second].map((line) => line.split(',')[7]));
  expect(output.stderr).toContain('stdin:3: expected 10 fields, got 2');
  expect(output.stderr).toContain('stdin:4: expected a time in time, got yesterday');
  const strict = await runMain(argv.slice(0, -2), {}, input);
  expect(strict.code).toBe(2);
  expect(strict.stderr).toContain('required at most 1 % bad rows (data.maxRejectRatio), got 2 of 4');
});

test('a request that cannot be read says what was expected of it', async () => {
  const bad = {
    'expected a value in user_id, got nothing': {},
    'expected a list in history, got "none"': { user_id: 'u', history: 'none' },
    'expected a value in item_id, got nothing': { user_id: 'u', candidates: [{}] },
    'expected a time in event 1 of the history, got soon': {
      history: ['2026-01-09', 'soon'].map((time) => ({ item_id: 'i', time })),
      candidates: [],
    },
    'expected a number in price, got "cheap"': {
      user_id: 'u',
      candidates: [{ item_id: 'i000001', attributes: { price: 'cheap' } }],
    },
  };
  const lines = Object.values(bad).map((row) =>
    JSON.stringify({ request_id: 'r', time: '2026-01-10 12:00:00', ...row }),
  );
  const argv = ['predict', ...config, '--task', 'ctr', '--in', '-', '--format', 'jsonl'];
  const output = await runMain(argv, {}, ['{"unfinished": ', ...lines].join('\n'));
  expect(output.code).toBe(2);
  expect(output.stderr).toContain('stdin:1: expected a JSON object');
  // Five are told of.
  for (const [at, reason] of Object.keys(bad).slice(0, 3).entries()) {
    expect(output.stderr).toContain(`stdin:${at + 2}: ${reason.replaceAll('"', '\\"')}`);
  }
  const rest = await runMain(argv, {}, lines.slice(3).join('\n'));
  for (const reason of Object.keys(bad).slice(3))
    expect(rest.stderr).toContain(reason.replaceAll('"', '\\"'));
});

test('unknown users, items and values are scored, and counted', async () => {
  const line = {
    request_id: 'r',
    time: '2026-01-10 12:00:00',
    query: 'nosuchword',
    candidates: [
      'i000001',
      'never seen',
      { item_id: 'new', attributes: { brand_id: 'b004', tags: ['cute', 'phone'] } },
    ],
  };
  const output = await runMain(
    [
      'predict',
      ...config,
      '--task',
      'ctr',
      '--in',
      '-',
      '--format',
      'jsonl',
      '--out',
      join(folder, 'unknown.csv'),
      '--json',
    ],
    {},
    `${JSON.stringify({ ...line, user_id: 'nobody' })}\n${JSON.stringify({ ...line, user_id: 'u', history: [] })}\n`,
  );
  expect(JSON.parse(output.stdout)).toMatchObject({
    predictions: 6,
    requests: 2,
    unknown: { users: 1, candidates: 4 },
    lookUps: { 'query/word': { read: 2, unknown: 2 }, 'item/brand': { read: 2, unknown: 0 } },
  });
  const rows = parse(await readFile(join(folder, 'unknown.csv'), 'utf8'), { columns: true }) as Row[];
  const [known, never, brought, ...again] = rows.flatMap(valuesOf);
  expect(new Set([known, never, brought]).size).toBe(3);
  // A user without a history is one, whoever it is.
  expect(again).toEqual([known, never, brought]);
});

test('what cannot be predicted is refused', async () => {
  const predict = (...rest: string[]) => refusal('predict', ...rest);
  const ctr = ['--task', 'ctr', '--in', log('impressions')];
  expect(await predict(...ctr)).toContain('expected one of --config and --bundle, got neither');
  expect(await predict(...config, '--task', 'ctx', '--in', log('impressions'))).toMatch(
    /expected a task of the model \(--task ctr, .*\), got ctx, did you mean `ctr`\?/,
  );
  expect(await predict(...config, '--task', 'l2r', '--in', log('impressions'))).toContain(
    'required columns rating, item_clicks_1d',
  );
  expect(await predict(...config, '--task', 'fifp', '--in', log('impressions'))).toContain(
    'required the column icon_id',
  );
  expect(await predict(...config, '--task', 'ctr', '--in', 'nowhere.csv')).toContain('there is no such file');
  await writeFile(join(folder, 'there.csv'), '');
  expect(await predict(...config, ...ctr, '--out', join(folder, 'there.csv'))).toContain(
    '--force replaces it',
  );
  expect(await predict('--bundle', bundle, ...ctr)).toContain(
    'required histories, from prepared data (--prepared)',
  );
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a folder is no file to write, and stays', async () => {
  const argv = [...config, '--task', 'ctr', '--in', log('impressions'), '--out', folder, '--force'];
  expect(await refusal('predict', ...argv)).toContain(
    `Cannot write ${folder}: expected a file, got a folder`,
  );
});

test('a bundle goes by itself, and one that was changed is refused', async () => {
  const copy = join(folder, 'copy');
  await json('export', ...config, '--out', copy);
  expect(await refusal('export', ...config, '--out', copy)).toContain(
    'an earlier export (--force replaces it)',
  );
  await json('export', ...config, '--out', copy, '--force');
  const head = join(copy, 'bundle.json');
  const written = await readFile(head, 'utf8');
  await writeFile(head, written.replace('"format": 1', '"format": 99'));
  const items = ['--items', '--out', join(folder, 'items.npy')];
  expect(await refusal('embed', '--bundle', copy, ...items)).toContain('expected format 1, got 99');
  await writeFile(head, written);
  const other = JSON.parse(written);
  other.shape.tasks.ctr.weightCorrection = [0.5];
  await writeFile(head, JSON.stringify(other));
  expect(await refusal('embed', '--bundle', copy, ...items)).toMatch(
    /its golden prediction 0 of ctr should have the logit/,
  );
  await appendFile(join(copy, 'weights.safetensors'), 'x');
  expect(await refusal('embed', '--bundle', copy, ...items)).toContain('weights.safetensors is damaged');
  expect(await refusal('embed', '--bundle', folder, ...items)).toContain('expected what dupn export writes');
});
