import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { escapeGlob, quoteLiteral } from '../../src/common/sql.js';
import { type PredictionsInput, PredictionsWriter } from '../../src/evaluation/write-predictions.js';
import type { ScoredSamples } from '../../src/model/score-batches.js';

const REQUESTS = 3000;
/** Requests from here on are evaluated; each has two samples of a task, sample s is of request s >> 1. */
const FIRST = 1000;
const COUNT = 2 * (REQUESTS - FIRST);
/** All samples of the evaluated requests. */
const samples = [2 * FIRST, 2 * REQUESTS] as const;
const limits = { memoryLimit: '1GB', threads: 2 };

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let prepared: string;
let folder: string;
let work: string;

/** Scores that tell their sample, in an order that is not that of the samples, in two batches. */
function scored(task: string, outputs: number): ScoredSamples[] {
  const mixed = Int32Array.from({ length: COUNT }, (_, i) => 2 * FIRST + ((i * 1777) % COUNT));
  return [mixed.subarray(0, 2500), mixed.subarray(2500)].map((sample) => ({
    task,
    logits: Float32Array.from(
      [...sample].flatMap((at) => Array.from({ length: outputs }, (_, k) => logit(at, k))),
    ),
    outputs,
    label: new Float32Array(sample.length),
    weight: new Float32Array(sample.length),
    request: sample.map((at) => at >> 1),
    sample,
  }));
}

async function writePredictions(
  tasks: PredictionsInput['tasks'],
  batches: readonly ScoredSamples[],
): Promise<void> {
  const writer = new PredictionsWriter({ preparedFolder: prepared, tasks, work, limits });
  try {
    for (const batch of batches) writer.add(batch);
    await writer.write(folder, silentContext.progress);
  } finally {
    writer.close();
  }
}

const logit = (sample: number, k: number) => Math.sin(sample) * 4 + k * Math.cos(sample);

async function rowsOf(path: string) {
  const file = quoteLiteral(escapeGlob(path));
  const reader = await connection.runAndReadAll(
    `SELECT *, epoch_us("time") AS us FROM read_parquet(${file})`,
  );
  return reader.getRowObjects() as Record<string, never>[];
}

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  // A name that is a pattern to DuckDB, and ends its texts.
  const root = join(await mkdtemp(join(tmpdir(), 'dupn-predictions-')), "it's [all]");
  [prepared, folder, work] = [join(root, 'prepared'), join(root, 'run/eval/predictions'), join(root, 'work')];
  await mkdir(work, { recursive: true });
  const write = async (path: string, sql: string) => {
    await mkdir(dirname(join(prepared, path)), { recursive: true });
    await connection.run(`COPY (${sql}) TO ${quoteLiteral(join(prepared, path))} (FORMAT parquet)`);
  };
  await write(
    'requests/requests.parquet',
    `SELECT range::INTEGER AS request, CASE WHEN range % 3 > 0 THEN 'r' || range END AS request_id,
       'u' || (range % 7) AS user_id, make_timestamp(1577836800000001 + range) AS "time" FROM range(${REQUESTS})`,
  );
  const table = (candidate: string) =>
    `SELECT range::INTEGER AS sample, (range // 2)::INTEGER AS request${candidate}, (range % 2)::DOUBLE AS label,
       (range % 5)::DOUBLE AS weight, 'kept' AS prediction, 'kept' AS user_id FROM range(${2 * REQUESTS})`;
  await write('samples/ctr/samples.parquet', table(`, '商品' || range AS candidate`));
  await write('samples/level/samples.parquet', table(''));
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

test('each sample has its keys and its corrected probability, in the order of the samples', async () => {
  const tasks = {
    ctr: { kind: 'binary', outputs: 1, drawCorrection: Math.log(0.1), samples },
    level: { kind: 'multiclass', outputs: 3, drawCorrection: 0, samples },
  } as const;
  const [ctrBatches, levelBatches] = [scored('ctr', 1), scored('level', 3)];
  // The tasks come mixed.
  await writePredictions(
    tasks,
    ctrBatches.flatMap((batch, at) => [batch, levelBatches[at]!]),
  );
  const ctr = await rowsOf(join(folder, 'ctr.parquet'));
  const keys = ['request_id', 'user_id', 'time', 'candidate', 'label', 'weight', 'prediction', 'us'];
  expect(Object.keys(ctr[0]!)).toEqual(keys);
  expect(ctr).toHaveLength(COUNT);
  for (const [at, row] of ctr.entries()) {
    const sample = 2 * FIRST + at;
    const request = sample >> 1;
    expect(row).toMatchObject({
      request_id: request % 3 > 0 ? `r${request}` : null,
      user_id: `u${request % 7}`,
      us: 1577836800000001n + BigInt(request),
      candidate: `商品${sample}`,
      label: sample % 2,
      weight: sample % 5,
    });
    // A tenth of the negatives were drawn: there are ten times as many, and the odds are a tenth.
    const odds = Math.exp(logit(sample, 0)) / 10;
    expect(row.prediction).toBeCloseTo(odds / (1 + odds), 6);
  }
  const level = await rowsOf(join(folder, 'level.parquet'));
  expect(Object.keys(level[0]!)).toEqual([
    ...keys.filter((key) => key !== 'candidate' && key !== 'prediction' && key !== 'us'),
    ...['probability_0', 'probability_1', 'probability_2', 'us'],
  ]);
  for (const [at, row] of level.entries()) {
    const weighed = [0, 1, 2].map((k) => Math.exp(logit(2 * FIRST + at, k)));
    const total = weighed.reduce((a, b) => a + b, 0);
    for (const [k, value] of weighed.entries()) {
      expect(row[`probability_${k}`]).toBeCloseTo(value / total, 6);
    }
  }
});

test('a folder takes the place of an older one, and a task without samples has a file without rows', async () => {
  await writeFile(join(folder, 'gone.parquet'), '');
  await writePredictions({ ctr: { kind: 'rank', outputs: 1, drawCorrection: null, samples: [5, 5] } }, []);
  expect(await readdir(folder)).toEqual(['ctr.parquet']);
  expect(await rowsOf(join(folder, 'ctr.parquet'))).toEqual([]);
  expect(await readdir(dirname(folder))).toEqual(['predictions']);
});

test('an evaluation that fails leaves the older folder as it is', async () => {
  const tasks = { spp: { kind: 'binary', outputs: 1, drawCorrection: 0, samples } } as const;
  const failing = writePredictions(tasks, scored('spp', 1));
  await expect(failing).rejects.toThrow('samples/spp');
  expect(existsSync(join(folder, 'ctr.parquet'))).toBe(true);
  expect(await readdir(dirname(folder))).toEqual(['predictions']);
});

test('more samples than are joined at a time keep their order and their rows', async () => {
  const count = 450_000;
  const ofRequest = count / REQUESTS;
  await connection.run(
    `COPY (SELECT range::INTEGER AS sample, (range // ${ofRequest})::INTEGER AS request, 'i' || range AS candidate,
       (range % 2)::DOUBLE AS label, 1::DOUBLE AS weight FROM range(${count}))
     TO ${quoteLiteral(join(prepared, 'samples/ctr/samples.parquet'))} (FORMAT parquet)`,
  );
  // Half of the samples are scored; those of a request lie together, the requests do not lie in order.
  const first = count / 2;
  const requests = Array.from(
    { length: REQUESTS / 2 },
    (_, at) => REQUESTS / 2 + ((at * 7) % (REQUESTS / 2)),
  );
  const sample = Int32Array.from(
    requests.flatMap((request) => Array.from({ length: ofRequest }, (_, at) => request * ofRequest + at)),
  );
  const batch: ScoredSamples = {
    ...{ task: 'ctr', outputs: 1, sample, request: sample.map((at) => Math.floor(at / ofRequest)) },
    logits: Float32Array.from(sample, (at) => (at - first) / first),
    ...{ label: new Float32Array(sample.length), weight: new Float32Array(sample.length) },
  };
  const tasks = { ctr: { kind: 'binary', outputs: 1, drawCorrection: 0, samples: [first, count] } } as const;
  await writePredictions(tasks, [batch]);
  const file = quoteLiteral(escapeGlob(join(folder, 'ctr.parquet')));
  const reader = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER, count(*) FILTER (candidate <> 'i' || sample OR user_id <> 'u' || (sample // ${ofRequest} % 7)
         OR label <> sample % 2 OR abs(prediction - 1 / (1 + exp((${first} - sample) / ${first}))) > 1e-6)::INTEGER
     FROM (SELECT *, file_row_number + ${first} AS sample FROM read_parquet(${file}, file_row_number = true))`,
  );
  expect(reader.getRows()).toEqual([[count - first, 0]]);
});
