import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { preparedPaths } from '../../src/common/prepared.js';
import { createRandom } from '../../src/common/random.js';
import { auc } from '../../src/evaluation/auc.js';
import { evaluateBaselines } from '../../src/evaluation/baselines.js';
import { aucByGroup, gauc } from '../../src/evaluation/gauc.js';
import { makeWorld, type World, windowOf } from '../dataset/prepared-world.js';
import { writeWorld } from '../dataset/write-world.js';

const MAX_EVENTS = 8;

interface Sample {
  readonly request: number;
  readonly candidate: string;
  readonly item: number;
  readonly label: number;
  readonly weight: number;
  readonly position: string | null;
}

/** Clicks on two rows of each item id, on the places of a page; some are not known. */
function samplesOf(world: World): Sample[] {
  const random = createRandom('positions');
  return world.requests.flatMap(({ samples }, request) =>
    samples.ctr!.map(({ item, label, weight }) => ({
      request,
      candidate: `i'${Math.floor(item / 2)}`,
      item,
      label,
      weight,
      position: random.integer(9) === 0 ? null : `${random.integer(5)}`,
    })),
  );
}

async function prepare(world: World, samples: readonly Sample[]): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'dupn-base-')), "it's");
  await mkdir(folder);
  await writeWorld(folder, world);
  const path = join(folder, preparedPaths.samples('ctr'));
  await mkdir(dirname(path), { recursive: true });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(
    'CREATE TABLE s (sample INTEGER, request INTEGER, candidate VARCHAR, label FLOAT, weight FLOAT, position VARCHAR)',
  );
  const appender = await connection.createAppender('s');
  for (const [sample, { request, candidate, label, weight, position }] of samples.entries()) {
    appender.appendInteger(sample);
    appender.appendInteger(request);
    appender.appendVarchar(candidate);
    appender.appendFloat(label);
    appender.appendFloat(weight);
    if (position === null) appender.appendNull();
    else appender.appendVarchar(position);
    appender.endRow();
  }
  appender.closeSync();
  await connection.run(`COPY s TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`);
  connection.closeSync();
  return folder;
}

/** The formula, one value at a time. */
function rateOf(training: readonly Sample[], key: (sample: Sample) => string | null, value: string | null) {
  const rate = (samples: readonly Sample[], smoothing: number, prior: number) =>
    (samples.reduce((sum, { label, weight }) => sum + label * weight, 0) + smoothing * prior) /
    (samples.reduce((sum, { weight }) => sum + weight, 0) + smoothing);
  const prior = rate(training, 0, 0);
  return rate(
    training.filter((sample) => key(sample) === value),
    50,
    prior,
  );
}

function measured(samples: readonly Sample[], scoreOf: (sample: Sample) => number) {
  const columns = {
    scores: Float32Array.from(samples, scoreOf),
    labels: Float32Array.from(samples, ({ label }) => label),
    weights: Float32Array.from(samples, ({ weight }) => weight),
  };
  const requests = Int32Array.from(samples, ({ request }) => request);
  return { auc: auc(columns), gauc: gauc(aucByGroup(columns, requests)) };
}

test('baselines equal their formulas, worked out sample by sample', async () => {
  const world = makeWorld(5);
  const samples = samplesOf(world);
  const folder = await prepare(world, samples);
  const { ctr } = await evaluateBaselines({
    preparedFolder: folder,
    keptColumns: { ctr: ['page', 'position'] },
    maxEvents: MAX_EVENTS,
  });
  const inSplit = (split: number) =>
    samples.filter(({ request }) => world.requests[request]!.split === split);
  const [training, evaluation] = [inSplit(0), inSplit(2)];
  const prior = rateOf(training, () => 'all', 'all');
  const item = (sample: Sample) => rateOf(training, ({ candidate }) => candidate, sample.candidate);
  const position = (sample: Sample) => rateOf(training, (other) => other.position, sample.position);
  const scores = {
    item,
    position,
    itemPosition: (sample: Sample) => (item(sample) * position(sample)) / prior,
    // Of the world's fields, brand is the one that is single-valued and not the item; 0 is a missing brand.
    seen: ({ request, item: candidate }: Sample) => {
      const brands = world.items.brand!;
      return windowOf(world, world.requests[request]!, MAX_EVENTS).reduce(
        (sum, event) =>
          sum +
          (event.item === candidate ? 100 : 0) +
          (brands[candidate] !== 0 && brands[event.item] === brands[candidate] ? 1 : 0),
        0,
      );
    },
  };
  expect(Object.keys(ctr!)).toEqual(Object.keys(scores));
  for (const [name, scoreOf] of Object.entries(scores)) {
    const expected = measured(evaluation, scoreOf);
    const got = ctr![name as keyof typeof scores]!;
    expect(got.auc, name).toBeCloseTo(expected.auc!, 5);
    expect(got.gauc, name).toBeCloseTo(expected.gauc!, 5);
  }
  const loss = evaluation.reduce((sum, sample) => {
    const p = item(sample);
    return sum - sample.weight * Math.log(sample.label === 1 ? p : 1 - p);
  }, 0);
  const weight = evaluation.reduce((sum, sample) => sum + sample.weight, 0);
  expect(ctr!.item!.logLoss).toBeCloseTo(loss / weight, 6);
  expect(ctr!.seen!.logLoss).toBeNull();
});

test('a task without positions, or with one class in training, has fewer baselines', async () => {
  const world = makeWorld(6);
  const samples = samplesOf(world);
  const folder = await prepare(world, samples);
  const options = { preparedFolder: folder, maxEvents: MAX_EVENTS };
  const { ctr } = await evaluateBaselines({ ...options, keptColumns: { ctr: [] } });
  expect(Object.keys(ctr!)).toEqual(['item', 'seen']);

  const oneClass = await prepare(
    world,
    samples.map((sample) => ({ ...sample, label: 0 })),
  );
  const without = await evaluateBaselines({
    ...options,
    preparedFolder: oneClass,
    keptColumns: { ctr: ['position'] },
  });
  expect(Object.keys(without.ctr!)).toEqual(['seen']);
});
