import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { preparedPaths } from '../../src/common/prepared.js';
import { createRandom } from '../../src/common/random.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { evaluateBaselines } from '../../src/evaluation/baselines.js';
import type { Bootstrap } from '../../src/evaluation/bootstrap.js';
import type { Evaluated } from '../../src/evaluation/evaluate.js';
import { measuredRequests, usersOf } from '../../src/evaluation/measured.js';
import { measuredSamples } from '../../src/evaluation/measured-samples.js';
import { makeWorld, type World, windowOf } from '../dataset/prepared-world.js';
import { writeWorld } from '../dataset/write-world.js';
import { aucByPairs, groupBy, meanAuc, meanOf, quantileOf } from './definitions.js';
import { evaluate as evaluateStream } from './evaluate-stream.js';
import { repeatEvaluation } from './many-requests.js';
import { limits, patchManifest, type Table, writeParquet } from './write-parquet.js';

const MAX_EVENTS = 8;
const NDCG_AT = 3;

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

/** How often each id came up; some did not. */
const popularityOf = (candidate: string) => {
  const number = Number(candidate.slice(2));
  return number % 7 === 0 ? 0 : (number * 13) % 11;
};

async function prepare(world: World, samples: readonly Sample[]): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'dupn-base-')), "it's");
  await mkdir(join(folder, 'work'), { recursive: true });
  await writeWorld(folder, world);
  const table: Table = {
    columns: {
      ...{ sample: 'INTEGER', request: 'INTEGER', candidate: 'VARCHAR', label: 'FLOAT', weight: 'FLOAT' },
      position: 'VARCHAR',
    },
    rows: samples.map(({ request, candidate, label, weight, position }, sample) => [
      ...[sample, request, candidate, label, weight, position],
    ]),
  };
  const counted = [...new Set(samples.map(({ candidate }) => candidate))].filter(
    (id) => popularityOf(id) > 0,
  );
  await writeParquet(folder, {
    [preparedPaths.samples('ctr')]: table,
    [preparedPaths.vocabulary('item', 'item')]: {
      columns: { value: 'VARCHAR', count: 'BIGINT', index: 'INTEGER' },
      rows: counted.map((id, at) => [id, popularityOf(id), at % 3 === 0 ? null : 3 + at]),
    },
  });
  return folder;
}

const none = { samples: 0, seed: 1 };

/** Score of each sample -> what a model with these logits reaches on those that are measured. */
async function modelOf(folder: string, logits: Float32Array, bootstrap: Bootstrap): Promise<Evaluated> {
  const prepared = openPrepared(folder);
  const requests = measuredRequests(prepared.manifest);
  try {
    const chunks = [...measuredSamples(prepared, 'ctr', requests)].map((chunk) => ({
      ...{ ...chunk, task: 'ctr', outputs: 1 },
      logits: Float32Array.from(chunk.sample, (sample) => logits[sample]!),
    }));
    const users = usersOf(prepared, 'ctr', requests);
    return await evaluateStream(chunks, {
      tasks: { ctr: { kind: 'binary', outputs: 1, users, slices: null } },
      ...{ bootstrap, ndcgAt: NDCG_AT, folder: join(folder, 'work'), name: 'model' },
    });
  } finally {
    prepared.close();
  }
}

async function evaluate(
  folder: string,
  kept: readonly string[],
  {
    bootstrap,
    model,
  }: { readonly bootstrap: Bootstrap; readonly model: Pick<Evaluated, 'metrics' | 'resampled'> } = {
    bootstrap: none,
    model: { metrics: {}, resampled: {} },
  },
) {
  const prepared = openPrepared(folder);
  try {
    return await evaluateBaselines({
      ...{ prepared, keptColumns: { ctr: kept }, maxEvents: MAX_EVENTS, ndcgAt: NDCG_AT, bootstrap, model },
      ...{ folder: join(folder, 'work'), limits, progress: silentContext.progress },
    });
  } finally {
    prepared.close();
  }
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

/** Baseline -> the score of a sample. */
function scoresOf(world: World, samples: readonly Sample[]) {
  const training = samples.filter(({ request }) => world.requests[request]!.split === 0);
  const prior = rateOf(training, () => 'all', 'all');
  const item = (sample: Sample) => rateOf(training, ({ candidate }) => candidate, sample.candidate);
  const position = (sample: Sample) => rateOf(training, (other) => other.position, sample.position);
  const brands = world.items.brand!;
  // Of the world's fields, brand is the one that is single-valued and not the item; 0 is a missing brand.
  const common = (event: number, candidate: number) =>
    (event === candidate ? 1 + MAX_EVENTS : 0) +
    (brands[candidate] !== 0 && brands[event] === brands[candidate] ? 1 : 0);
  return {
    item,
    position,
    itemPosition: (sample: Sample) => (item(sample) * position(sample)) / prior,
    popularity: ({ candidate }: Sample) => popularityOf(candidate),
    seen: (sample: Sample) =>
      windowOfSample(world, sample).reduce((sum, event) => sum + common(event.item, sample.item), 0),
    lastItem: (sample: Sample) => {
      const last = windowOfSample(world, sample).at(-1);
      return last ? common(last.item, sample.item) : 0;
    },
  };
}

const windowOfSample = (world: World, { request }: Sample) =>
  windowOf(world, world.requests[request]!, MAX_EVENTS);

const measuredOf = (world: World, samples: readonly Sample[]) =>
  samples.filter(({ request }) => world.requests[request]!.split === 2);

interface Scored extends Sample {
  readonly user: number;
  readonly score: number;
}

/** Those that are measured with a score each, and their users. */
const scoredBy = (world: World, samples: readonly Sample[], scoreOf: (sample: Sample) => number): Scored[] =>
  measuredOf(world, samples).map((sample) => ({
    ...sample,
    score: Math.fround(scoreOf(sample)),
    user: world.requests[sample.request]!.user,
  }));

/** Metrics by the scores of each. */
function measured(scored: readonly Scored[]) {
  return {
    auc: aucByPairs(scored),
    gauc: meanAuc([...groupBy(scored, ({ request }) => request).values()]),
    gaucByUser: meanAuc([...groupBy(scored, ({ user }) => user).values()]),
  };
}

/** Log loss where scores are probabilities. */
const lossOf = (scored: readonly Scored[]) =>
  meanOf(scored, ({ score, label }) => -Math.log(label === 1 ? score : 1 - score))!;

test('baselines equal their formulas, worked out sample by sample', async () => {
  const world = repeatEvaluation(makeWorld(5), 7);
  const samples = samplesOf(world);
  const folder = await prepare(world, samples);
  const { baselines, differences, leaks } = await evaluate(folder, ['page', 'position']);
  const scores = scoresOf(world, samples);
  const got = baselines.ctr!;
  expect(Object.keys(got)).toEqual(Object.keys(scores));
  for (const [name, scoreOf] of Object.entries(scores)) {
    for (const [metric, value] of Object.entries(measured(scoredBy(world, samples, scoreOf)))) {
      expect(got[name]![metric], `${name} ${metric}`).toBeCloseTo(value!, 5);
    }
  }
  const byItem = scoredBy(world, samples, scores.item);
  expect(got.item!.logLoss).toBeCloseTo(lossOf(byItem), 6);
  const expected = meanOf(byItem, ({ score }) => score)! / meanOf(byItem, ({ label }) => label)!;
  expect(got.item!.predictedOverObserved).toBeCloseTo(expected, 6);
  // What is no probability has no metric of one.
  for (const name of ['popularity', 'seen', 'lastItem']) {
    expect(got[name]).toMatchObject({
      ...{
        logLoss: null,
        normalisedEntropy: null,
        predictedOverObserved: null,
        ece: null,
        eceByChance: null,
      },
    });
  }
  // Nothing was resampled.
  expect(differences.ctr).toEqual(Object.fromEntries(Object.keys(scores).map((name) => [name, {}])));
  const latest = (label: number) => {
    const of = measuredOf(world, samples).filter((sample) => sample.label === label);
    return (
      of.filter((sample) => windowOfSample(world, sample).at(-1)?.item === sample.item).length / of.length
    );
  };
  expect(leaks.ctr).toMatchObject({ positives: latest(1), negatives: latest(0), suspected: false });
  expect(await readdir(join(folder, 'work'))).toEqual([]);
});

test('what a model has more is known by the same draws of users, of 256 resamples at most', async () => {
  const world = makeWorld(5);
  const samples = samplesOf(world);
  const folder = await prepare(world, samples);
  const random = createRandom('model');
  const logits = Float32Array.from(samples, ({ label }) => 0.4 * label + random.normal() - 1);
  const bootstrap = { samples: 300, seed: 3 };
  const model = await modelOf(folder, logits, bootstrap);
  const { baselines, differences } = await evaluate(folder, ['position'], { bootstrap, model });

  const place = new Map(samples.map((sample, at) => [sample, at]));
  const scores = {
    ...scoresOf(world, samples),
    model: (sample: Sample) => 1 / (1 + Math.exp(-logits[place.get(sample)!]!)),
  };
  const byName = Object.fromEntries(
    Object.entries(scores).map(([name, scoreOf]) => [name, scoredBy(world, samples, scoreOf)]),
  );
  // Users in the order of their first request, of those with a sample that is measured.
  const users = [...new Set(byName.model!.map(({ user }) => user))];
  const numbers = new Map(users.map((user, at) => [user, at]));
  const draws = createRandom(bootstrap.seed, 'bootstrap');
  const drawn = Array.from({ length: 256 }, () =>
    Array.from({ length: users.length }, () => draws.integer(users.length)),
  );
  const metricsOf = (name: string, scored: readonly Scored[]) => ({
    ...measured(scored),
    ...(['item', 'position', 'model'].includes(name) ? { logLoss: lossOf(scored) } : {}),
  });
  const resampled = (name: string) => {
    const byUser = groupBy(byName[name]!, ({ user }) => numbers.get(user)!);
    return drawn.map((of) =>
      metricsOf(
        name,
        of.flatMap((number, copy) =>
          byUser.get(number)!.map((sample) => ({
            ...sample,
            request: sample.request + 1e6 * copy,
            user: sample.user + 1e6 * copy,
          })),
        ),
      ),
    );
  };
  const ofModel = resampled('model');
  const whole = metricsOf('model', byName.model!);
  for (const name of ['item', 'position', 'seen', 'lastItem']) {
    const ofBaseline = resampled(name);
    const metrics = metricsOf(name, byName[name]!) as Record<string, number>;
    for (const metric of Object.keys(metrics)) {
      const got = differences.ctr![name]![metric]!;
      const value = (whole as Record<string, number>)[metric]!;
      expect(got.value, `${name} ${metric}`).toBeCloseTo(value, 5);
      expect(got.other, `${name} ${metric}`).toBe(baselines.ctr![name]![metric]);
      expect(got.difference, `${name} ${metric}`).toBeCloseTo(value - metrics[metric]!, 5);
      const pairs = drawn.map((_, at) => {
        const [mine, theirs] = [ofModel[at]!, ofBaseline[at]!] as unknown as Record<string, number>[];
        return mine![metric]! - theirs![metric]!;
      });
      expect(got.interval!.low, `${name} ${metric}`).toBeCloseTo(quantileOf(pairs, 0.025), 5);
      expect(got.interval!.high, `${name} ${metric}`).toBeCloseTo(quantileOf(pairs, 0.975), 5);
      const beyond = Math.min(pairs.filter((d) => d <= 0).length, pairs.filter((d) => d >= 0).length);
      expect(got.pValue, `${name} ${metric}`).toBeCloseTo(Math.min(1, (2 * (1 + beyond)) / 257), 12);
    }
  }
  const ofOrder = ['auc', 'gauc', 'gaucByUser', `ndcg@${NDCG_AT}`, 'mrr'];
  const ofProbabilities = ['logLoss', 'normalisedEntropy', 'predictedOverObserved'];
  for (const [name, byMetric] of Object.entries(differences.ctr!)) {
    const isProbability = ['item', 'position', 'itemPosition'].includes(name);
    expect(Object.keys(byMetric), name).toEqual([...ofOrder, ...(isProbability ? ofProbabilities : [])]);
  }
  expect(await readdir(join(folder, 'work'))).toEqual([]);
});

test('a task without positions, or with one class in training, has fewer baselines', async () => {
  const world = makeWorld(6);
  const samples = samplesOf(world);
  const folder = await prepare(world, samples);
  const { baselines } = await evaluate(folder, []);
  expect(Object.keys(baselines.ctr!)).toEqual(['item', 'popularity', 'seen', 'lastItem']);

  const oneClass = await prepare(
    world,
    samples.map((sample) => ({ ...sample, label: 0 })),
  );
  const without = await evaluate(oneClass, ['position']);
  expect(Object.keys(without.baselines.ctr!)).toEqual(['popularity', 'seen', 'lastItem']);
});

test('a task whose item ids have no vocabulary has no popularity', async () => {
  const world = makeWorld(7);
  const samples = samplesOf(world);
  const folder = await prepare(world, samples);
  const item = world.fields.item.filter(({ name }) => name !== 'item');
  await patchManifest(folder, { fields: { ...world.fields, itemNumbers: [], item } });
  const { baselines } = await evaluate(folder, []);
  expect(Object.keys(baselines.ctr!)).toEqual(['item', 'seen', 'lastItem']);
});

test('without samples to measure on baselines have no numbers', async () => {
  const made = makeWorld(9);
  const world = { ...made, requests: made.requests.filter(({ split }) => split < 2) };
  const { baselines, leaks } = await evaluate(await prepare(world, samplesOf(world)), ['position']);
  for (const values of Object.values(baselines.ctr!)) {
    expect(Object.values(values)).toEqual(Object.values(values).map(() => null));
  }
  expect(leaks).toEqual({ ctr: null });
});

test('a click that is the latest event before its own request is suspected', async () => {
  const world = makeWorld(8);
  // One user, whose events are a click every ten seconds; request r asks about the events that follow it.
  const events = Array.from({ length: 400 }, (_, at) => ({ item: (at * 7) % 60, code: 0, time: 10 * at }));
  const requestsWith = (leak: boolean) =>
    events.slice(1).map((event, at) => ({
      ...world.requests[0]!,
      user: 0,
      // After the click that it led to, by a second, where the time is that of leaving the page.
      time: event.time + (leak ? 1 : -1),
      end: at + (leak ? 2 : 1),
      split: at < 200 ? 0 : 2,
      samples: {
        ...world.requests[0]!.samples,
        ctr: [
          { item: event.item, label: 1, weight: 1 },
          { item: (event.item + 29) % 60, label: 0, weight: 1 },
          { item: (event.item + 31) % 60, label: 0, weight: 1 },
        ],
      },
    }));
  for (const leak of [true, false]) {
    const made = { ...world, segments: [[events]], requests: requestsWith(leak) };
    const folder = await prepare(made, samplesOf(made));
    const { leaks } = await evaluate(folder, []);
    expect(leaks.ctr).toMatchObject(
      leak ? { positives: 1, negatives: 0, secondsBefore: 1, suspected: true } : { suspected: false },
    );
  }
});
