import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { type EvaluateOptions, Evaluator, type MeasuredTask } from '../../src/evaluation/evaluate.js';
import type { Slice, SliceColumn } from '../../src/evaluation/slicing/slices.js';
import { binsOf, chanceOfBins, errorOfBins, quantileOf, weightOf } from './definitions.js';
import { evaluate } from './evaluate-stream.js';
import { expectFinite } from './expect-finite.js';
import {
  batchesOf,
  COLUMNS,
  drawnSamples,
  FIRST_REQUEST,
  type RandomRequests,
  type RequestSample,
  type RequestsOptions,
  randomRequests,
  slicesOf,
  usersOf,
} from './random-requests.js';
import { binaryMetrics, classMetrics, predictedSamples, sigmoid } from './task-definitions.js';

const NDCG_AT = 2;
const CLASSES = 3;
const none = { samples: 0, seed: 1 };

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'dupn-evaluate-')), 'work');
});

function optionsOf(
  tasks: Record<string, RandomRequests>,
  bootstrap: EvaluateOptions['bootstrap'],
  outputs = 1,
): EvaluateOptions {
  const measured = Object.entries(tasks).map(([task, requests]): [string, MeasuredTask] => [
    task,
    {
      kind: outputs === 1 ? 'binary' : 'multiclass',
      outputs,
      users: usersOf(requests),
      slices: slicesOf(requests),
    },
  ]);
  return { tasks: Object.fromEntries(measured), bootstrap, ndcgAt: NDCG_AT, folder, name: 'model' };
}

async function run(requests: RandomRequests, bootstrap: EvaluateOptions['bootstrap'] = none, outputs = 1) {
  const options = optionsOf({ ctr: requests }, bootstrap, outputs);
  const result = await evaluate(batchesOf(requests, { task: 'ctr', outputs, seed: 1 }), options);
  const { resampled: _, ...saved } = result;
  expectFinite(saved);
  return result;
}

function expectClose(got: number | null | undefined, expected: number | null, name: string, digits = 9) {
  if (expected === null || got === null || got === undefined) expect(got, name).toBe(expected);
  else expect(got, name).toBeCloseTo(expected, digits);
}

/** Samples of each slice that has any, with its name. */
const slicesByHand = ({ samples }: RandomRequests) =>
  COLUMNS.flatMap(({ column, values }, at) =>
    values.map((value, code) => ({
      ...{ column, value, at, code },
      members: samples.filter(({ codes }) => codes[at] === code),
    })),
  ).filter(({ members }) => members.length > 0);

function findSlice(columns: readonly SliceColumn[], column: string, value: string) {
  const { slices } = columns.find((sliced) => sliced.column === column)!;
  return slices.find((slice) => slice.value === value)!;
}

const countLabels = (samples: readonly RequestSample[], labels: number) =>
  Array.from({ length: labels }, (_, label) => samples.filter((sample) => sample.label === label).length);

/** Checks counts, tininess and order; `metricsOf` gives area and log loss of a slice. */
function expectSlices(
  columns: readonly SliceColumn[],
  requests: RandomRequests,
  labels: number,
  metricsOf: (samples: readonly RequestSample[]) => Record<string, number | null>,
  digits = 9,
) {
  // All samples agree in `same`.
  expect(columns.map(({ column }) => column)).toEqual(['place', 'size']);
  const byHand = slicesByHand(requests).filter(({ column }) => column !== 'same');
  expect(columns.flatMap(({ slices }) => slices)).toHaveLength(byHand.length);
  for (const { column, value, members } of byHand) {
    const slice = findSlice(columns, column, value);
    const metrics = metricsOf(members);
    const users = new Set(members.map(({ user }) => user)).size;
    const counts = countLabels(members, labels);
    expect(slice).toMatchObject({ samples: members.length, labels: counts, users });
    expect(slice.share).toBeCloseTo(weightOf(scoredOf(members)) / weightOf(scoredOf(requests.samples)), 12);
    expect(slice.tiny).toBe(users < 20 || counts.filter((count) => count >= 30).length < 2);
    expectClose(slice.area, metrics.auc ?? metrics.macroAuc ?? null, `${column} ${value}`, digits);
    expectClose(slice.logLoss, metrics.logLoss!, `${column} ${value}`, digits);
    expectClose(slice.predictedOverObserved, metrics.predictedOverObserved ?? null, value);
  }
  for (const { slices, within } of columns) {
    const known = slices.filter(({ area }) => area !== null);
    const shares = known.reduce((sum, { share }) => sum + share, 0);
    const mean = known.reduce((sum, { share, area }) => sum + (share / shares) * area!, 0);
    expectClose(within, shares > 0 ? mean : null, 'within', 12);
    const highOf = ({ area, interval }: Slice) => (area === null ? 2 : (interval?.high ?? area));
    const rank = slices.map((slice) => (slice.tiny ? 10 : 0) + highOf(slice));
    expect(rank).toEqual([...rank].sort((a, b) => a - b));
  }
}

const scoredOf = (samples: readonly RequestSample[]) =>
  samples.map((sample) => ({ ...sample, score: sample.logits[0]! }));

const binary = (more: Partial<RequestsOptions> & { seed: number }) =>
  randomRequests({ requests: 120, users: 30, outputs: 1, ...more });

describe('a binary task', () => {
  test.each([1, 2, 3])('has the metrics and the counts of their definitions (seed %d)', async (seed) => {
    const requests = binary({ seed });
    const { metrics, reasons, tasks, curves, intervals } = await run(requests);
    const expected = binaryMetrics(requests.samples, NDCG_AT);
    const keys = [
      ...['auc', 'gauc', 'gaucByUser', 'ndcg@2', 'mrr', 'logLoss', 'normalisedEntropy'],
      ...['predictedOverObserved', 'ece', 'eceByChance'],
    ];
    expect(Object.keys(metrics)).toEqual(keys.map((name) => `${name}[ctr]`));
    for (const [name, value] of Object.entries(expected)) expectClose(metrics[`${name}[ctr]`], value, name);
    const predicted = scoredOf(requests.samples).map((s) => ({ ...s, score: sigmoid(s.score) }));
    const bins = binsOf(predicted, 10);
    expectClose(metrics['ece[ctr]'], errorOfBins(bins), 'ece');
    expectClose(metrics['eceByChance[ctr]'], chanceOfBins(bins), 'eceByChance');
    expect(curves.ctr!.calibration.map(({ samples }) => samples)).toEqual(bins.map(({ samples }) => samples));
    expect(curves.ctr!.confusion).toBeNull();
    expect(curves.ctr!.roc[0]!.at(-1)).toEqual({ falsePositiveRate: 1, truePositiveRate: 1 });
    expect(reasons).toEqual({});
    expect(intervals).toEqual({});
    const labelsOf = (request: number) =>
      new Set(requests.samples.flatMap((s) => (s.request === request && s.weight > 0 ? [s.label] : [])));
    const asked = [...new Set(requests.samples.map(({ request }) => request))];
    expect(tasks.ctr).toEqual({
      samples: requests.samples.length,
      weight: weightOf(scoredOf(requests.samples)),
      labels: countLabels(requests.samples, 2),
      requests: asked.length,
      requestsWithBoth: asked.filter((request) => labelsOf(request).size === 2).length,
      users: new Set(requests.samples.map(({ user }) => user)).size,
    });
  });

  test('has the value of every resample, and their interval', async () => {
    const requests = binary({ seed: 4, requests: 60, users: 15 });
    const bootstrap = { samples: 70, seed: 5 };
    const { resampled, intervals, metrics } = await run(requests, bootstrap);
    const expected = drawnSamples(requests, bootstrap).map((drawn) => binaryMetrics(drawn, NDCG_AT));
    expect(Object.keys(resampled).sort()).toEqual(
      Object.keys(metrics)
        .filter((key) => !key.startsWith('ece'))
        .sort(),
    );
    for (const [key, values] of Object.entries(resampled)) {
      const byHand = expected.map((drawn) => drawn[key.slice(0, -'[ctr]'.length)]!);
      expect(values).toHaveLength(70);
      for (const [at, value] of byHand.entries()) {
        expectClose(values[at], value ?? Number.NaN, `${key} ${at}`);
      }
      expect(intervals[key]!.low).toBeCloseTo(quantileOf(byHand, 0.025), 9);
      expect(intervals[key]!.high).toBeCloseTo(quantileOf(byHand, 0.975), 9);
    }
  });

  test.each([1, 2])(
    'has slices with the metrics of their samples, the worst first (seed %d)',
    async (seed) => {
      const requests = binary({ seed, requests: 260, users: 60 });
      const { slices } = await run(requests);
      expectSlices(slices.ctr!, requests, 2, (members) => binaryMetrics(members, NDCG_AT));
      const tiny = slices.ctr!.flatMap(({ slices }) => slices.map((slice) => slice.tiny));
      expect(tiny).toContain(false);
      for (const { slices: each } of slices.ctr!)
        for (const { interval } of each) expect(interval).toBeNull();
    },
  );

  test('has slices too small to tell anything last', async () => {
    const requests = binary({ seed: 6, requests: 100, users: 19 });
    const { slices } = await run(requests);
    expectSlices(slices.ctr!, requests, 2, (members) => binaryMetrics(members, NDCG_AT));
    expect(slices.ctr!.every(({ slices }) => slices.every(({ tiny }) => tiny))).toBe(true);
  });

  test('has intervals of its slices from the first 256 resamples', async () => {
    const requests = binary({ seed: 7, requests: 40, users: 12 });
    const bootstrap = { samples: 330, seed: 2 };
    const { slices } = await run(requests, bootstrap);
    const drawn = drawnSamples(requests, bootstrap).slice(0, 256);
    for (const { column, value, at, code } of slicesByHand(requests)) {
      if (column === 'same') continue;
      const areas = drawn.map(
        (samples) =>
          binaryMetrics(
            samples.filter(({ codes }) => codes[at] === code),
            NDCG_AT,
          ).auc!,
      );
      const known = areas.filter((area) => area !== null);
      const { interval } = findSlice(slices.ctr!, column, value);
      if (known.length < 0.9 * 256) {
        expect(interval).toBeNull();
        continue;
      }
      expect(interval!.low).toBeCloseTo(quantileOf(known, 0.025), 9);
      expect(interval!.high).toBeCloseTo(quantileOf(known, 0.975), 9);
    }
  });

  test('without a sample, or whose labels are all one, says why a number is missing', async () => {
    const empty = { samples: [], userOf: [1, 2] };
    const [zeros, ones] = [0, 1].map((label) => binary({ seed: 8, label: () => label }));
    const single = binary({ seed: 9 });
    const bySingle = {
      ...single,
      samples: single.samples.map((sample) => ({ ...sample, label: sample.user % 2 })),
    };
    const tasks = { empty, zeros: zeros!, ones: ones!, single: bySingle };
    const batches = Object.entries(tasks).flatMap(([task, requests]) =>
      batchesOf(requests, { task, outputs: 1, seed: 1 }),
    );
    const {
      metrics,
      reasons,
      tasks: counts,
      curves,
      slices,
    } = await evaluate(batches, optionsOf(tasks, none));
    const because = (task: string) =>
      Object.fromEntries(
        Object.entries(reasons).flatMap(([key, reason]) =>
          key.endsWith(`[${task}]`) ? [[key.slice(0, key.indexOf('[')), reason]] : [],
        ),
      );
    const all = (names: readonly string[], reason: string) =>
      Object.fromEntries(names.map((name) => [name, reason]));
    const ofOrder = ['auc', 'gauc', 'gaucByUser', 'ndcg@2', 'mrr'];
    const ofBoth = [...ofOrder, 'normalisedEntropy'];
    expect(because('empty')).toEqual(
      all([...ofBoth, 'logLoss', 'predictedOverObserved', 'ece', 'eceByChance'], 'there are no samples'),
    );
    expect(counts.empty).toEqual({
      ...{ samples: 0, weight: 0, labels: [0, 0], requests: 0, requestsWithBoth: 0, users: 0 },
    });
    expect(curves.empty).toEqual({ roc: [null], calibration: [], confusion: null });
    expect(slices.empty).toEqual([]);
    expect(because('zeros')).toEqual(all([...ofBoth, 'predictedOverObserved'], 'every label is 0'));
    expect(metrics['logLoss[zeros]']).toBeGreaterThan(0);
    expect(because('ones')).toEqual(all(ofBoth, 'every label is 1'));
    expect(metrics['predictedOverObserved[ones]']).toBeGreaterThan(0);
    expect(because('single')).toEqual({
      ...all(['gauc', 'ndcg@2', 'mrr'], 'no request has both labels'),
      gaucByUser: 'no user has both labels',
    });
    expect(metrics['auc[single]']).toBeGreaterThan(0);
  });

  test('whose samples have no weight says so, whatever their labels', async () => {
    for (const label of [() => 0, undefined]) {
      const requests = binary({ seed: 10, weight: () => 0, ...(label && { label }) });
      const { metrics, reasons, slices } = await run(requests);
      expect(Object.values(metrics)).toEqual(Object.values(metrics).map(() => null));
      expect(new Set(Object.values(reasons))).toEqual(new Set(['the samples have no weight']));
      for (const { share } of slices.ctr!.flatMap((column) => column.slices)) expect(share).toBe(0);
    }
  });

  test('whose positive samples have no weight does not say that none has', async () => {
    const requests = binary({ seed: 11 });
    const samples = requests.samples.map((sample) =>
      sample.label === 1 ? { ...sample, weight: 0 } : sample,
    );
    const { reasons } = await run({ ...requests, samples });
    expect(reasons['auc[ctr]']).toBe('only one kind of label has weight');
    expect(reasons['predictedOverObserved[ctr]']).toBe('only one kind of label has weight');
    expect(reasons['mrr[ctr]']).toBe('no request has both labels');
  });
});

describe('a task of several classes', () => {
  const classes = (more: Partial<RequestsOptions> & { seed: number }) =>
    randomRequests({ requests: 100, users: 30, outputs: CLASSES, ...more });

  test.each([1, 2, 3])('has the metrics and curves of their definitions (seed %d)', async (seed) => {
    const requests = classes({ seed });
    const { metrics, reasons, tasks, curves } = await run(requests, none, CLASSES);
    const expected = classMetrics(requests.samples, CLASSES);
    expect(Object.keys(metrics)).toEqual(
      ['accuracy', 'logLoss', 'macroAuc', 'normalisedEntropy', 'ece', 'eceByChance'].map(
        (name) => `${name}[ctr]`,
      ),
    );
    for (const [name, value] of Object.entries(expected)) {
      expectClose(metrics[`${name}[ctr]`], value, name, 6);
    }
    const predicted = predictedSamples(requests.samples);
    const bins = binsOf(
      predicted.map((sample) => ({ ...sample, label: sample.right })),
      10,
    );
    expectClose(metrics['ece[ctr]'], errorOfBins(bins), 'ece', 6);
    expectClose(metrics['eceByChance[ctr]'], chanceOfBins(bins), 'eceByChance', 6);
    expect(curves.ctr!.roc.map((curve) => curve?.[0])).toEqual(
      Array.from({ length: CLASSES }, () => ({ falsePositiveRate: 0, truePositiveRate: 0 })),
    );
    const row = (label: number) =>
      [0, 1, 2].map((k) => weightOf(predicted.filter((s) => s.label === label && s.predicted === k)));
    expect(curves.ctr!.confusion).toEqual([0, 1, 2].map(row));
    expect(reasons).toEqual({});
    expect(tasks.ctr).toEqual({
      samples: requests.samples.length,
      weight: weightOf(scoredOf(requests.samples)),
      labels: countLabels(requests.samples, CLASSES),
      requests: new Set(requests.samples.map(({ request }) => request)).size,
      users: new Set(requests.samples.map(({ user }) => user)).size,
    });
  });

  test('has the value of every resample, and their interval', async () => {
    const requests = classes({ seed: 4, requests: 50, users: 15 });
    const bootstrap = { samples: 70, seed: 5 };
    const { resampled, intervals } = await run(requests, bootstrap, CLASSES);
    const expected = drawnSamples(requests, bootstrap).map((drawn) => classMetrics(drawn, CLASSES));
    // The entropy of the labels would take a sum for each class and user.
    expect(Object.keys(resampled).sort()).toEqual(['accuracy[ctr]', 'logLoss[ctr]', 'macroAuc[ctr]']);
    expect(Object.keys(intervals).sort()).toEqual(Object.keys(resampled).sort());
    for (const [key, values] of Object.entries(resampled)) {
      const byHand = expected.map((drawn) => drawn[key.slice(0, -'[ctr]'.length)]!);
      for (const [at, value] of byHand.entries()) expectClose(values[at], value, `${key} ${at}`, 6);
      expect(intervals[key]!.low).toBeCloseTo(quantileOf(byHand, 0.025), 6);
      expect(intervals[key]!.high).toBeCloseTo(quantileOf(byHand, 0.975), 6);
    }
  });

  test('has slices with the metrics of their samples, and intervals', async () => {
    const requests = classes({ seed: 6, requests: 200, users: 50 });
    const bootstrap = { samples: 30, seed: 2 };
    const { slices } = await run(requests, bootstrap, CLASSES);
    expectSlices(slices.ctr!, requests, CLASSES, (members) => classMetrics(members, CLASSES), 6);
    const drawn = drawnSamples(requests, bootstrap);
    for (const { column, value, at, code } of slicesByHand(requests)) {
      if (column === 'same') continue;
      const areas = drawn.map(
        (samples) =>
          classMetrics(
            samples.filter(({ codes }) => codes[at] === code),
            CLASSES,
          ).macroAuc!,
      );
      const { interval } = findSlice(slices.ctr!, column, value);
      expect(interval!.low).toBeCloseTo(quantileOf(areas, 0.025), 6);
    }
  });

  test('leaves classes out that no sample has, and says why a number is missing', async () => {
    const two = classes({ seed: 7, label: (random) => 2 * random.integer(2) });
    const { metrics, curves } = await run(two, none, CLASSES);
    expectClose(metrics['macroAuc[ctr]'], classMetrics(two.samples, CLASSES).macroAuc!, 'macroAuc', 6);
    expect(curves.ctr!.roc[1]).toBeNull();
    const one = await run(classes({ seed: 7, label: () => 2 }), none, CLASSES);
    expect(one.reasons).toEqual({
      'macroAuc[ctr]': 'every label is 2',
      'normalisedEntropy[ctr]': 'every label is 2',
    });
    const empty = await run({ samples: [], userOf: [1] }, none, CLASSES);
    expect(new Set(Object.values(empty.reasons))).toEqual(new Set(['there are no samples']));
    expect(Object.values(empty.metrics)).toEqual(new Array(6).fill(null));
    for (const label of [() => 1, undefined]) {
      const weightless = classes({ seed: 8, weight: () => 0, ...(label && { label }) });
      const { reasons, metrics } = await run(weightless, none, CLASSES);
      expect(Object.keys(reasons)).toEqual(Object.keys(metrics));
      expect(new Set(Object.values(reasons))).toEqual(new Set(['the samples have no weight']));
    }
    const samples = two.samples.map((sample) => (sample.label === 2 ? { ...sample, weight: 0 } : sample));
    const { reasons } = await run({ ...two, samples }, none, CLASSES);
    expect(reasons['macroAuc[ctr]']).toBe('only one label has weight');
  });
});

test('tasks that come mixed are measured each by itself, and others are passed over', async () => {
  const tasks = { ctr: binary({ seed: 20 }), buy: binary({ seed: 21, requests: 50 }) };
  const batches = Object.entries({ ...tasks, other: binary({ seed: 22 }) }).flatMap(([task, requests]) =>
    batchesOf(requests, { task, outputs: 1, seed: 3 }).map((batch, at) => ({ at, batch })),
  );
  const mixed = batches.sort((a, b) => a.at - b.at).map(({ batch }) => batch);
  const bootstrap = { samples: 20, seed: 1 };
  const together = await evaluate(mixed, optionsOf(tasks, bootstrap));
  expect(Object.keys(together.tasks)).toEqual(['ctr', 'buy']);
  for (const [task, requests] of Object.entries(tasks)) {
    const alone = await evaluate(
      batchesOf(requests, { task, outputs: 1, seed: 3 }),
      optionsOf({ [task]: requests }, bootstrap),
    );
    expect(together.tasks[task]).toEqual(alone.tasks[task]);
    expect(together.slices[task]).toEqual(alone.slices[task]);
    for (const [key, value] of Object.entries(alone.metrics)) expect(together.metrics[key]).toBe(value);
    for (const [key, value] of Object.entries(alone.intervals)) {
      expect(together.intervals[key]).toEqual(value);
    }
  }
});

test('how much is resampled rises to all of it', async () => {
  const tasks = { ctr: binary({ seed: 23 }), buy: binary({ seed: 24 }) };
  const evaluator = new Evaluator(optionsOf(tasks, { samples: 150, seed: 1 }));
  for (const [task, requests] of Object.entries(tasks)) {
    for (const batch of batchesOf(requests, { task, outputs: 1, seed: 1 })) evaluator.add(batch);
  }
  const shares: number[] = [];
  await evaluator.finish((share) => shares.push(share));
  evaluator.close();
  // Blocks of 64, 64 and 22 resamples for each task.
  const ofTask = [64 / 150, 128 / 150, 1];
  const expected = [...ofTask, ...ofTask.map((share) => 1 + share)];
  expect(shares).toEqual(expected.map((share) => expect.closeTo(share / 2, 12)));
});

test('the interval widens when the same samples come from fewer users', async () => {
  const random = createRandom('leaning');
  const leaning = Float64Array.from({ length: 20 }, () => random.normal());
  const samples = Array.from({ length: 2000 }, (_, at): RequestSample => {
    const request = Math.floor(at / 4);
    const label = random.integer(2);
    // A user whose scores lean one way makes its samples depend on one another.
    const logit = label + random.normal() + 2 * leaning[request % 20]! * (label - 0.5);
    return { request: FIRST_REQUEST + request, user: 0, logits: [logit], label, weight: 1, codes: [0, 0, 0] };
  });
  const errorWith = async (users: (request: number) => number) => {
    const userOf = Array.from({ length: 500 }, (_, request) => users(request));
    const { intervals } = await run({ samples, userOf }, { samples: 200, seed: 1 });
    return intervals['auc[ctr]']!.standardError;
  };
  const byFew = await errorWith((request) => request % 20);
  expect(byFew).toBeGreaterThan(1.5 * (await errorWith((request) => request)));
});

test('the files of a class are those of no other task, whatever its name', async () => {
  const classes = 200;
  // More samples than a class holds in memory, but not of two runs.
  const requests = randomRequests({ seed: 31, requests: 1500, users: 9, outputs: classes });
  const options = optionsOf({ level: requests }, none, classes);
  const evaluator = new Evaluator(options);
  try {
    for (const batch of batchesOf(requests, { task: 'level', outputs: classes, seed: 1 }))
      evaluator.add(batch);
    const names = await readdir(folder);
    expect(names).toHaveLength(classes + 1);
    // A task may be called `level-0`, but no name of a task holds a dot.
    for (const name of names) expect(name).toMatch(/^model-level\.(\d+|confidence)-0\.rows$/);
    await evaluator.finish();
  } finally {
    evaluator.close();
  }
  expect(await readdir(folder)).toEqual([]);
});

test('hundreds of classes keep few files open, and take of the disk what their rows are', async () => {
  const [classes, count] = [300, 3000];
  const random = createRandom('files');
  const samples = Array.from(
    { length: count },
    (_, at): RequestSample => ({
      ...{ request: FIRST_REQUEST + at, user: at % 9, label: random.integer(classes), weight: 1 },
      ...{ logits: Array.from({ length: classes }, () => random.normal()), codes: [0, 0, 0] },
    }),
  );
  const requests = { samples, userOf: samples.map(({ user }) => user) };
  const options = optionsOf({ level: requests }, none, classes);
  const evaluator = new Evaluator(options);
  let mostOpen = 0;
  try {
    for (const batch of batchesOf(requests, { task: 'level', outputs: classes, seed: 1 })) {
      evaluator.add(batch);
      mostOpen = Math.max(mostOpen, readdirSync('/proc/self/fd').length);
    }
    const sizes = (await readdir(folder)).map((name) => statSync(join(folder, name)).size);
    // A row has 13 bytes and one for each column of slices; what is not a whole run is in memory still.
    const whole = (classes + 1) * count * (13 + COLUMNS.length);
    const written = sizes.reduce((sum, size) => sum + size, 0);
    expect(written).toBeGreaterThan(whole / 3);
    expect(written).toBeLessThanOrEqual(whole);
    await evaluator.finish();
  } finally {
    evaluator.close();
  }
  expect(mostOpen).toBeLessThan(100);
});

test('a stream that fails, and a logit that is not a number, leave no file behind', async () => {
  const requests = binary({ seed: 30 });
  const [batch] = batchesOf(requests, { task: 'ctr', outputs: 1, seed: 1 });
  const options = optionsOf({ ctr: requests }, none);
  async function* failing() {
    yield batch!;
    throw new Error('no more');
  }
  await expect(evaluate(failing(), options)).rejects.toThrow('no more');
  const broken = { ...batch!, logits: batch!.logits.map(() => Number.NaN) };
  await expect(evaluate([broken], options)).rejects.toThrow('is not a number');
  expect(existsSync(folder)).toBe(false);
});
